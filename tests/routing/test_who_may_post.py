"""Who learns what from the answers to what he sends: bodies that name what is hidden, to every address.

An answer may repeat what its question said. So each body names things of the vault that are there, and things
that are not; the answers must be the same but for those names.
"""

import json

import pytest
from django.core.cache import cache

from routing.models import Change, Plan
from tests.routing.roles import HIDDEN
from tests.routing.stage import SPLIT, destination_rule, route, service, to_whole, virtual_service, writes
from tests.routing.test_who_may import (  # noqa: F401  fixtures
    DETAILS,
    LEDGER,
    RESTRICTED,
    ROLLOUT,
    VAULT_ROLLOUT,
    addresses,
    applied,
    history,
    rollouts,
)

pytestmark = pytest.mark.django_db
# What is there, and what is not: of the same length, so that lines are as long.
THERE, ABSENT = ("vault", "ledger"), ("vaunt", "ledges")
HOST = "ledger.vault.svc.cluster.local"
VAULT_ROUTE = virtual_service("ledger", [{"route": route(("v1", 100), host="ledger")}], "vault")


def object_of(manifest):
    return {"kind": "object", "manifest": manifest}


def delete_of(kind, name, namespace):
    resource = {"api_version": "networking.istio.io/v1", "kind": kind, "namespace": namespace, "name": name}
    return {"kind": "delete_object", "resource": resource}


TO_LEDGER = virtual_service("reviews-too", [{"route": to_whole(HOST)}], hosts=["too.example.com"])
TO_SUBSET = virtual_service(
    "reviews-too", [{"route": route(("v1", 100), host=HOST)}], hosts=["too.example.com"]
)
FOR_LEDGER = virtual_service("reviews-too", [{"route": to_whole("reviews")}], hosts=[HOST])
THROUGH = virtual_service(
    "reviews-too", [{"route": to_whole("reviews")}], hosts=["a.example.com"], gateways=["vault/ledger"]
)
POLICY = destination_rule("too", ["v1"], host=HOST)
RULES = {
    "a split there": LEDGER,
    "an object there": object_of(VAULT_ROUTE),
    "a deletion there": delete_of("VirtualService", "ledger", "vault"),
    "a route to it": object_of(TO_LEDGER),
    "a route to a subset of it": object_of(TO_SUBSET),
    "a route for it": object_of(FOR_LEDGER),
    "a route through its gateway": object_of(THROUGH),
    "a policy for it": object_of(POLICY),
    "a subset of it": {"kind": "subset", "namespace": "vault", "service": "ledger", "version": "v1"},
    "a route of ours for consumers there": {
        "kind": "gateway_route", "as": "HTTPRoute",
        "consumer": "vault",
        "rule": DETAILS,
    },
    "a mirror to it": {
        "kind": "route", "namespace": "bookinfo", "service": "reviews", "default": True,
        "destinations": [{"version": "v1"}],
        "mirrors": [{"host": HOST, "subset": "v1", "percentage": 1}],
    },
}  # fmt: skip
TEXTS = {
    name: json.dumps(manifest)
    for name, manifest in {
        "there": VAULT_ROUTE,
        "to it": TO_LEDGER,
        "to a subset of it": TO_SUBSET,
        "for it": FOR_LEDGER,
        "through its gateway": THROUGH,
        "policy": POLICY,
    }.items()
}


@pytest.fixture
def cluster(shared_cluster):
    """With something of every kind to guess."""
    shared_cluster.put(destination_rule("ledger", ["v1", "v2"], "vault"))
    shared_cluster.put(service("details-v1", app="details", version="v1"))
    return shared_cluster


def renamed(text):
    for there, absent in zip(THERE, ABSENT, strict=True):
        text = text.replace(there, absent)
    return text


def same(api, path, body, **how):
    """Sends a body, and the same about nothing; what the first answer says more."""
    body = body if isinstance(body, str) else json.dumps(body)
    cache.clear()  # how often somebody asks is not what this is about
    there = api.client.post(path, body, **{"content_type": "application/json", **how})
    absent = api.client.post(renamed(path), renamed(body), **{"content_type": "application/json", **how})
    assert there.status_code == absent.status_code, (there.content, absent.content)
    return there, absent


def comparable(answer):
    """An answer without what differs from plan to plan."""
    told = answer.json()
    for name in ("id", "hash", "created_at"):
        told.pop(name, None)
    return renamed(json.dumps(told))


@pytest.mark.parametrize("role", ["viewer", "nobody"])
@pytest.mark.parametrize("path", ["/api/v1/plans", "/api/v1/drafts"])
@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_about_what_is_hidden_is_answered_as_one_about_nothing(role, path, rule, sign_in, cluster):
    there, absent = same(sign_in(role), path, {"rules": [rule]})
    assert comparable(there) == comparable(absent)
    assert writes(cluster) == []


@pytest.mark.parametrize("role", ["viewer", "nobody"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_text_about_what_is_hidden_is_answered_as_one_about_nothing(role, text, sign_in, cluster):
    api = sign_in(role)
    for there, absent in (
        same(api, "/api/v1/validate", text),
        same(api, "/api/v1/validate?namespace=vault", text),
        same(api, "/api/v1/services/bookinfo/reviews/reading", {"texts": [text]}),
        same(api, "/api/v1/services/vault/ledger/reading", {"texts": [text]}),
    ):
        assert comparable(there) == comparable(absent)


@pytest.mark.parametrize("role", ["viewer", "nobody"])
@pytest.mark.parametrize("path", ["/api/v1/rollouts", "/api/v1/rollouts/preview"])
def test_a_rollout_of_what_is_hidden_is_answered_as_one_of_nothing(role, path, sign_in, cluster):
    for body in (VAULT_ROLLOUT, {**VAULT_ROLLOUT, "baseline": "v9"}, {**ROLLOUT, "service": "ledger"}):
        there, absent = same(sign_in(role), path, body)
        assert comparable(there) == comparable(absent)
        assert there.status_code in (403, 422)


@pytest.mark.parametrize("role", RESTRICTED)
def test_no_answer_to_a_body_names_what_was_not_asked(role, sign_in, cluster, history, applied):  # noqa: F811
    api = sign_in(role)
    bodies = [{}, {"rules": [SPLIT]}, {"changes": list(Change.objects.values_list("pk", flat=True))}]
    bodies += [{"changes": [applied["vault"]]}, {"hash": "x", "note": "n"}]
    before, kept = writes(cluster), set(Plan.objects.values_list("pk", flat=True))
    sent = 0
    for path in addresses():
        if not path.startswith("/api/v1/"):
            continue
        for body in bodies:
            cache.clear()
            answer = api.client.post(path, json.dumps(body), content_type="application/json")
            told = answer.content.replace(path.encode(), b"")
            assert not [name for name in HIDDEN if name.encode() in told], (path, body, told[:1000])
            sent += answer.status_code != 405
    assert sent > 20
    if role != "operator":
        assert writes(cluster) == before
        new = Plan.objects.exclude(pk__in=kept)
        assert all("vault" not in plan.needs for plan in new)


@pytest.mark.parametrize("role", RESTRICTED)
def test_nobody_finishes_or_takes_back_together_what_he_may_not_see(role, sign_in, cluster, applied):  # noqa: F811
    api, before = sign_in(role), writes(cluster)
    Change.objects.filter(pk=applied["vault"]).update(state="partial")
    assert api.post(f"changes/{applied['vault']}/finish").status_code == 404
    for group in (applied.values(), [applied["vault"]], [applied["vault"], 9999]):
        assert api.post("changes/revert", {"changes": list(group)}).status_code == 404
    assert writes(cluster) == before


def test_the_rules_and_texts_of_these_tests_are_ones_that_can_be_read(sign_in, cluster):
    """Else every answer would be the same for another reason."""
    api = sign_in("administrator")
    for name, rule in RULES.items():
        answer = api.post("plans", {"rules": [rule]})
        if name == "a route for it":
            assert b"VirtualService vault/ledger also routes" in answer.content
        else:
            assert answer.status_code == 201, (name, answer.content)
    for name, text in TEXTS.items():
        found = api.client.post("/api/v1/validate", text, content_type="application/json").json()
        assert found["valid"], (name, found)
