"""The small pure parts: selectors, names, bodies, paths, ages, tables."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh.apiserver import bodies, kinds, kubeconfig, protobuf, tables
from localmesh.apiserver.errors import ApiError, BadRequest, NotAcceptable, NotFound, UnsupportedMediaType
from localmesh.apiserver.names import is_path_name, name_problem
from localmesh.apiserver.printers import duration
from localmesh.apiserver.requests import accepted, segments, target_of
from localmesh.apiserver.selectors import FieldSelector, LabelSelector

LABELS = {"app": "reviews", "version": "v1", "empty": ""}


@pytest.mark.parametrize(
    ("text", "matches"),
    [
        ("", True),
        ("app=reviews", True),
        ("app==reviews,version=v1", True),
        ("app=reviews,version=v2", False),
        ("app!=ratings", True),
        ("missing!=x", True),
        ("version in (v1, v2)", True),
        ("version notin (v1)", False),
        ("missing notin (v1)", True),
        ("app", True),
        ("!app", False),
        ("!missing, app", True),
        ("empty=", True),
    ],
)
def test_a_label_selector_matches_as_kubernetes_says(text, matches):
    assert LabelSelector(text).matches(LABELS) is matches


@pytest.mark.parametrize(
    "text", ["a in", "a in (", "a in ()", "=x", "a,", ",a", "a=b c", "a=(b)", "!", "!!a"]
)
def test_a_selector_that_cannot_be_read_is_refused(text):
    with pytest.raises(BadRequest):
        LabelSelector(text)


@given(st.text(max_size=20))
def test_no_selector_ever_crashes(text):
    for make in (LabelSelector, lambda each: FieldSelector(each, "Pod")):
        with contextlib.suppress(BadRequest):
            make(text)


def test_a_field_selector_reads_the_fields_of_its_kind():
    pod = {"metadata": {"name": "a"}, "spec": {"nodeName": "n"}, "status": {"phase": "Running"}}
    assert FieldSelector("status.phase!=Pending,spec.nodeName=n,metadata.name==a", "Pod").matches(pod)
    assert not FieldSelector("status.phase=Pending", "Pod").matches(pod)
    with pytest.raises(BadRequest, match=r"field label not supported: spec\.nodeName"):
        FieldSelector("spec.nodeName=n", "ConfigMap")


@given(st.text(max_size=12))
def test_a_path_part_that_is_no_name_is_never_taken_for_one(text):
    if is_path_name(text):
        assert text not in ("", ".", "..")
        assert not set("/%\\\0") & set(text)


@pytest.mark.parametrize(
    "path", ["/api//v1", "/api/v1/pods/..", "/api/v1/%2e%2e", "/api/v1/a%2Fb", "/api/v1/%25", "/api/v1/%00"]
)
def test_impossible_paths_lead_nowhere(path):
    with pytest.raises(NotFound):
        segments(path)


def test_a_path_names_its_target():
    target = target_of(
        segments("/apis/networking.istio.io/v1beta1/namespaces/a/virtualservices/b/status?x=/..")
    )
    assert (target.resource, target.version) == (kinds.VIRTUAL_SERVICES, "v1beta1")
    assert (target.namespace, target.name, target.subresource) == ("a", "b", "status")
    assert target_of(segments("/api/v1/namespaces/a/status")).resource is kinds.NAMESPACES
    assert target_of(segments("/api/v1/namespaces/status/pods")).resource is kinds.PODS


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/deployments",
        "/apis/apps/v1/deployments/a",
        "/api/v1/pods/a/b/c/d",
        "/api/v1/namespaces/a/nodes",
        "/api/v1/namespaces/a/pods/b/scale",
    ],
)
def test_paths_of_nothing_that_is_served_lead_nowhere(path):
    with pytest.raises(NotFound):
        target_of(segments(path))


def test_the_first_form_that_can_be_produced_is_accepted():
    header = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    assert accepted(header).kind == "Table"
    assert accepted("application/json;as=Unknown;v=v1;g=x,application/json").kind == ""
    assert accepted("application/vnd.kubernetes.protobuf,*/*").kind == ""
    with pytest.raises(NotAcceptable):
        accepted("text/html")


def test_names_are_those_of_dns():
    assert name_problem("VirtualService", "a.b-c") is None
    assert name_problem("Service", "1a")
    assert name_problem("Service", "a.b")
    assert name_problem("Namespace", "a" * 64)
    assert name_problem("ClusterRole", "system:admin") is None
    assert name_problem("ClusterRole", "..")


@given(
    st.binary(max_size=60), st.sampled_from(["application/json", "application/yaml", protobuf.CONTENT_TYPE])
)
def test_no_body_ever_crashes_the_parser(body, kind):
    for data in (body, b"k8s\x00" + body):
        with contextlib.suppress(ApiError):
            bodies.parse(data, kind)


def test_repeated_keys_are_noted_in_json_and_yaml():
    assert bodies.parse(b'{"a": {"b": 1, "b": 2}, "l": [{"c": 1, "c": 1}]}', "application/json") == (
        {"a": {"b": 2}, "l": [{"c": 1}]},
        ["a.b", "l[0].c"],
    )
    assert bodies.parse(b"a: {b: 1, b: 2}", "application/yaml") == ({"a": {"b": 2}}, ["a.b"])


def test_yaml_keeps_times_as_texts_and_keys_as_texts():
    assert bodies.parse(b"2026-01-01: 2026-01-01T00:00:00Z\n80: x", "application/yaml")[0] == {
        "2026-01-01": "2026-01-01T00:00:00Z",
        "80": "x",
    }


def test_a_field_that_protobuf_tells_and_the_table_does_not_is_refused():
    def field(number, data):
        return bytes([number << 3 | 2, len(data)]) + data

    about = field(1, field(1, b"v1") + field(2, b"Namespace"))
    good = field(1, field(1, b"a")) + field(2, b"")
    assert protobuf.decode(b"k8s\x00" + about + field(2, good))["metadata"] == {"name": "a"}
    with pytest.raises(UnsupportedMediaType, match="field 9 of Namespace"):
        protobuf.decode(b"k8s\x00" + about + field(2, good + field(9, b"x")))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (200, "3m20s"),
        (599, "9m59s"),
        (600, "10m"),
        (3 * 3600, "3h"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600, "9h"),
        (47 * 3600, "47h"),
        (2 * 86400, "2d"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
        (800 * 86400, "2y70d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_an_age_is_told_in_the_units_that_matter(seconds, text):
    assert duration(seconds) == text


def test_a_json_path_finds_members_items_and_conditions():
    obj = {"status": {"conditions": [{"type": "A", "status": "x"}, {"type": "B", "status": "y"}]}}
    assert tables.json_path(obj, '.status.conditions[?(@.type=="B")].status') == ["y"]
    assert tables.json_path(obj, ".status.conditions[*].type") == ["A", "B"]
    assert tables.json_path(obj, ".spec.hosts") == []


def test_a_kubeconfig_is_its_owners_alone(tmp_path):
    path = tmp_path / "demo" / "kubeconfig"
    kubeconfig.write(path, "http://127.0.0.1:1", "secret", for_kubectl=False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "with-token" not in path.read_text()
    kubeconfig.write(path, "http://127.0.0.1:1", "secret")
    assert "http://127.0.0.1:1/with-token/secret" in path.read_text()
    assert [each.name for each in path.parent.iterdir()] == ["kubeconfig"]
