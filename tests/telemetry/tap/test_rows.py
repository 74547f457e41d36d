"""Rows as a browser gets them: masked, and without a byte of what the person may not see."""

import json

from hypothesis import given
from hypothesis import strategies as st

from telemetry.tap.lines import parse
from telemetry.tap.rows import encoded, row
from tests.telemetry.tap.samples import IN, OUT, directory, line, place

BOOKINFO = frozenset({"bookinfo"})


def written(name, *given, visible=None, **fields):
    found = row(directory().seen(place(name), parse(line(*given, **fields))), visible)
    return json.loads(encoded({"rows": [found]}))["rows"][0]


def test_a_row_says_what_passed_from_whom_to_whom():
    end = {"kind": "workload", "namespace": "bookinfo", "workload": "", "app": "", "version": "v1"}
    assert written("productpage-0", path="/reviews/0?user=jane", response_flags="UF") == {
        "at": "2026-01-01T12:00:00.120Z",
        "direction": "out",
        "method": "GET",
        "path": "/reviews/0?user=***",
        "protocol": "HTTP/1.1",
        "code": 200,
        "flags": ["UF"],
        "duration_ms": 12.0,
        "authority": "reviews:9080",
        "agent": "curl",
        "service": "bookinfo/reviews",
        "caller": {**end, "workload": "productpage-v1", "app": "productpage"},
        "target": {**end, "workload": "reviews-v1", "app": "reviews"},
    }


def test_a_client_of_a_gateway_and_nobody_are_told_apart():
    assert written("reviews-1", IN, downstream_remote_address="9.9.9.9:0")["caller"]["kind"] == "forwarded"
    assert written("reviews-1", IN, downstream_remote_address="9.9.9.9:1")["caller"]["kind"] == "unknown"


def test_an_end_in_a_hidden_namespace_has_no_name():
    found = written("reviews-1", IN, visible=BOOKINFO, downstream_remote_address="10.0.0.8:1")
    nothing = {"namespace": "", "workload": "", "app": "", "version": ""}
    assert found["caller"] == {"kind": "hidden", **nothing}


def test_a_call_to_a_hidden_service_names_neither_it_nor_its_host():
    to_vault = {
        "upstream_cluster": "outbound|80||vault.secret.svc.cluster.local",
        "upstream_host": "10.0.0.8:80",
        "authority": "vault.secret:80",
    }
    assert written("productpage-0", **to_vault)["service"] == "secret/vault"
    hidden = written("productpage-0", visible=BOOKINFO, **to_vault)
    assert (hidden["service"], hidden["authority"], hidden["target"]["kind"]) == ("", "", "hidden")


def test_who_sees_his_own_namespaces_sees_their_hosts_only():
    for authority, shown in [
        ("reviews:9080", "reviews:9080"),
        ("reviews.bookinfo:9080", "reviews.bookinfo:9080"),
        ("reviews.bookinfo.svc.cluster.local", "reviews.bookinfo.svc.cluster.local"),
        ("bookinfo.secret.svc", ""),
        ("reviews.bookinfo.example.org", ""),
        ("api.example.org", ""),
    ]:
        found = written("productpage-0", visible=BOOKINFO, authority=authority, upstream_cluster=None)
        assert found["authority"] == shown


texts = st.sampled_from(
    ["", "-", "vault.secret:80", "vault.secret.svc.cluster.local", "10.0.0.8:80", "10.0.0.8:0"]
)


@given(
    st.sampled_from(["reviews-1", "productpage-0"]),
    st.sampled_from([IN, OUT]),
    st.fixed_dictionaries(
        {"upstream_host": texts, "authority": texts, "downstream_remote_address": texts},
        optional={
            "upstream_cluster": st.sampled_from(
                ["outbound|80||vault.secret.svc.cluster.local", "outbound|80||vault.secret", "inbound|80||"]
            )
        },
    ),
)
def test_nothing_of_a_hidden_namespace_is_in_any_byte(name, base, fields):
    found = json.dumps(written(name, base, visible=BOOKINFO, **fields))
    for word in ("secret", "vault", "10.0.0.8"):
        assert word not in found
