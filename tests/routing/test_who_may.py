"""Who sees and may do what: every page and call, by role, in both modes of access.

               bookinfo           vault
viewer         sees, plans        nothing
operator       sees, writes       nothing
administrator  sees, writes       sees, writes
nobody         nothing            nothing
"""

import itertools

import pytest
from django.urls import get_resolver
from django.urls.resolvers import URLResolver

from cluster.people import of
from routing import apply, plans
from routing.errors import NotWrittenError
from routing.models import Change, Plan, Rollout
from routing.rolling import starting
from telemetry.live import CallerTraffic, Hop
from tests.people import own
from tests.routing.roles import HIDDEN
from tests.routing.stage import DELAY, NO_TRAFFIC, SPLIT, destination_rule, writes

pytestmark = pytest.mark.django_db

LEDGER = {"kind": "split", "namespace": "vault", "service": "ledger", "weights": {"v1": 50, "v2": 50}}
DETAILS = {"kind": "split", "namespace": "bookinfo", "service": "details", "weights": {"v1": 100}}
ROLLOUT = {
    "namespace": "bookinfo",
    "service": "reviews",
    "baseline": "v1",
    "canary": "v3",
    "steps": [{"weight": 5, "seconds": 60}],
}
VAULT_ROLLOUT = {**ROLLOUT, "namespace": "vault", "service": "ledger", "canary": "v2"}
RESTRICTED = ("viewer", "operator", "nobody")


@pytest.fixture
def cluster(shared_cluster):
    return shared_cluster


class FromTheVault:
    """Traffic in which the ledger calls reviews, too."""

    def available(self):
        return True

    def age_seconds(self):
        return 0.5

    def shares(self, namespace, service):
        return {}

    def error_ratios(self, namespace, service):
        return {}

    def counts(self, namespace, service, since):
        return None

    def hops(self):
        return [Hop(("vault", "ledger-v1"), ("bookinfo", "reviews"), ("bookinfo", "reviews-v1"), True, 8.0)]

    def callers(self, namespace, service):
        return [
            CallerTraffic("vault", "ledger-v1", "ledger", "v1", 8.0, 0.5),
            CallerTraffic("vault", "ledger-v2", "ledger", "v2", 2.0, 0.0),
            CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 2.0, 0.0),
        ]


@pytest.fixture
def history(cluster, people):
    """The administrator's plans: of the vault, of bookinfo, of both, and one that the vault has a say in."""
    by = people["administrator"]
    made = {
        "vault": plans.make({"rules": [LEDGER]}, by, own(), FromTheVault()),
        "bookinfo": plans.make({"rules": [SPLIT]}, by, own(), FromTheVault()),
        "both": plans.make({"rules": [DELAY, LEDGER]}, by, own(), FromTheVault()),
        "details": plans.make({"rules": [DETAILS]}, by, own(), FromTheVault()),
    }
    assert any("vault" in str(problem) for problem in made["details"].problems)
    return {name: str(plan.pk) for name, plan in made.items()}


@pytest.fixture
def rollouts(cluster, people):
    """The administrator's rollouts: in the vault, with a query about it, and in bookinfo."""
    by = people["administrator"]
    asked = {"vault": VAULT_ROLLOUT, "bookinfo": ROLLOUT}
    return {name: starting.start(body, by, own(), NO_TRAFFIC)[0].pk for name, body in asked.items()}


@pytest.fixture
def applied(sign_in, history, rollouts):
    """The changes of some of the plans."""
    api = sign_in("administrator")
    return {name: api.post(f"plans/{history[name]}/apply").json()["id"] for name in ("bookinfo", "vault")}


def routes(patterns=None, before=""):
    """Every address of the console: its text, with `<name>` for each parameter."""
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        text = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, text)
        else:
            yield text, sorted(pattern.pattern.converters)


def values():
    """What can stand for each parameter. A new one fails here until it is told."""
    return {
        "plan_id": list(Plan.objects.values_list("pk", flat=True)),
        "change_id": list(Change.objects.values_list("pk", flat=True)),
        "rollout_id": list(Rollout.objects.values_list("pk", flat=True)),
        "namespace": ["bookinfo", "vault"],
        "name": ["reviews", "ledger"],
        "definition": ["virtualservices.networking.istio.io", "destinationrules.networking.istio.io"],
        "group": ["networking.istio.io"],
        "version": ["v1"],
        "kind": ["VirtualService"],
        "token": ["none"],
        "token_key": ["none"],
    }


def addresses():
    """Every address with every combination of values."""
    known = values()
    for text, parameters in routes():
        parts = [part.partition(">") for part in text.split("<")]
        for chosen in itertools.product(*(known[name] for name in parameters)):
            named = dict(zip(parameters, map(str, chosen), strict=True))
            path = parts[0][0] + "".join(named[head.rpartition(":")[2]] + rest for head, _, rest in parts[1:])
            yield f"/{path}"


def test_the_addresses_are_really_all():
    texts = [text for text, _ in routes()]
    assert len(texts) > 20
    assert {"routing/", "api/v1/changes", "api/v1/graph"} <= set(texts)


@pytest.mark.parametrize("role", RESTRICTED)
def test_no_answer_names_what_may_not_be_read(role, sign_in, applied):
    api = sign_in(role)
    looked = 0
    for path in addresses():
        for asked in (path, f"{path}?namespaces=bookinfo&limit=1", f"{path}?ns=bookinfo"):
            answer = api.client.get(asked)
            body = b"".join(answer) if answer.streaming else answer.content
            body += str(dict(answer.headers)).encode()
            if any(name in path for name in HIDDEN):
                assert answer.status_code in (404, 405), asked
                body = body.replace(path.encode(), b"")
            for name in HIDDEN:
                assert name.encode() not in body, f"{asked}: {answer.status_code} {body[:2000]!r}"
            looked += answer.status_code == 200
    assert looked > 10


def test_what_may_not_be_read_answers_as_what_does_not_exist(sign_in, applied, rollouts):
    api = sign_in("viewer")
    for hidden, absent in (
        ("/routing/vault/ledger/", "/routing/nowhere/nothing/"),
        ("/api/v1/services/vault/ledger", "/api/v1/services/nowhere/nothing"),
        (f"/api/v1/changes/{applied['vault']}", "/api/v1/changes/9999"),
        (f"/changes/{applied['vault']}/", "/changes/9999/"),
        (f"/api/v1/rollouts/{rollouts['vault']}", "/api/v1/rollouts/9999"),
        (f"/api/v1/rollouts/{rollouts['vault']}/events", "/api/v1/rollouts/9999/events"),
        (f"/api/v1/rollouts/{rollouts['vault']}/evidence", "/api/v1/rollouts/9999/evidence"),
    ):
        one, other = api.client.get(hidden), api.client.get(absent)
        assert one.status_code == other.status_code == 404
        assert api.client.get(hidden).content.count(b"vault") == 0
    one, other = (api.plan({**LEDGER, "namespace": place}) for place in ("vault", "nowhere"))
    assert (one.status_code, one.json()["error"]["code"]) == (403, "forbidden")
    assert one.text.replace("vault", "nowhere") == other.text


def test_the_administrator_sees_everything(sign_in, applied):
    api = sign_in("administrator")
    assert {item["namespace"] for item in api.get("services").json()["services"]} == {"bookinfo", "vault"}
    assert len(api.get("changes").json()["changes"]) == 2
    for path in addresses():
        if path.startswith(("/plans/", "/changes/")) or path == "/routing/vault/ledger/":
            assert api.client.get(path).status_code == 200, path


def test_lists_and_cursors_know_only_what_may_be_read(sign_in, history, applied):
    admin = sign_in("administrator")
    for weights in ({"v1": 100}, {"v2": 100}):
        admin.applied({**SPLIT, "weights": weights})
        admin.applied({**LEDGER, "weights": weights})
    mine = [change.pk for change in Change.objects.order_by("-pk") if change.namespace == "bookinfo"]
    api = sign_in("viewer")
    first = api.get("changes", limit=2).json()
    assert [item["id"] for item in first["changes"]] == mine[:2]
    second = api.get("changes", limit=2, before=first["next"]).json()
    assert ([item["id"] for item in second["changes"]], second["next"]) == (mine[2:], None)


def test_a_plan_names_callers_and_problems_elsewhere_without_their_names(sign_in, history):
    api = sign_in("viewer")
    plan = api.get(f"plans/{history['bookinfo']}").json()
    callers = plan["blast_radius"]["callers"]
    assert [
        tuple(item[key] for key in ("namespace", "workload", "requests_per_second")) for item in callers
    ] == [
        ("bookinfo", "productpage-v1", 2.0),
        ("", "another namespace", 10.0),
    ]
    assert callers[1]["error_ratio"] == 0.4
    problems = api.get(f"plans/{history['details']}").json()["problems"]
    (told,) = [item for item in problems if item["code"] == "SUBSET_MISSING_ELSEWHERE"]
    assert told["message"] == "This is about an object that you may not read."
    assert (told["level"], told["resource"]) == ("warning", None)
    admins = sign_in("administrator").get(f"plans/{history['details']}").json()["problems"]
    assert "vault" in str(admins)


def test_who_may_not_read_everything_is_told_that_a_plan_cannot_see_all(sign_in, cluster):
    plan = sign_in("operator").plan(SPLIT).json()
    assert [item["code"] for item in plan["problems"]] == ["NOT_ALL_SEEN"]
    assert sign_in("administrator").plan(SPLIT).json()["problems"] == []


@pytest.mark.parametrize(
    ("role", "applying"), [("viewer", 403), ("operator", 200), ("administrator", 200), ("nobody", 404)]
)
def test_who_may_write_applies_and_takes_back(role, applying, sign_in, cluster, history):
    api = sign_in(role)
    assert api.plan(SPLIT).status_code == (403 if role == "nobody" else 201)
    answer = api.post(f"plans/{history['bookinfo']}/apply")
    assert answer.status_code == applying
    assert bool(writes(cluster)) == (applying == 200)
    if applying == 200:
        assert api.post(f"changes/{answer.json()['id']}/revert").status_code == 200
    if applying == 403:
        assert "User vera may not update" in answer.json()["error"]["message"]


@pytest.mark.parametrize("role", RESTRICTED)
@pytest.mark.parametrize("which", ["vault", "both"])
def test_nobody_applies_what_he_may_not_see(role, which, sign_in, cluster, history):
    assert sign_in(role).post(f"plans/{history[which]}/apply").status_code == 404
    assert writes(cluster) == []


@pytest.mark.parametrize("role", RESTRICTED)
def test_nobody_takes_back_what_he_may_not(role, sign_in, cluster, applied):
    api = sign_in(role)
    before = writes(cluster)
    assert api.post(f"changes/{applied['vault']}/revert").status_code == 404
    if role != "operator":
        assert api.post(f"changes/{applied['bookinfo']}/revert").status_code in (403, 404)
        assert writes(cluster) == before


def test_a_right_that_is_taken_between_preview_and_apply_is_missed_before_anything_is_recorded(
    sign_in, cluster, rights
):
    api = sign_in("operator")
    plan = api.plan(SPLIT).json()
    rights.taken.add(("oscar", "update"))
    answer = api.post(f"plans/{plan['id']}/apply")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")
    assert "User oscar may not update" in answer.json()["error"]["message"]
    assert writes(cluster) == []
    assert not Change.objects.exists()
    rights.taken.clear()
    assert api.post(f"plans/{plan['id']}/apply").status_code == 200


def test_a_right_that_is_taken_between_two_writes_ends_the_change_as_partial(
    people, cluster, rights, settings
):
    settings.ROUTING_SETTLE_SECONDS = 0.01
    cluster.put(destination_rule("reviews", ["v1"]))
    oscar = of(people["operator"])
    plan = plans.make({"rules": [SPLIT]}, people["operator"], oscar, FromTheVault())
    assert len(plan.operations) == 2
    with pytest.raises(NotWrittenError, match="User oscar may not update"):
        apply.apply(plan, people["operator"], oscar, sleep=lambda _: rights.taken.add(("oscar", "update")))
    change = Change.objects.get()
    assert change.state == "partial"
    assert [item["state"] for item in change.operations] == ["done", "failed"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_the_pages_say_who_may_not_apply_or_revert(role, sign_in, history, applied):
    api = sign_in(role)
    plan = api.plan({**SPLIT, "weights": {"v2": 100}}).json()
    preview = api.client.get(f"/plans/{plan['id']}/").text
    change = api.client.get(f"/changes/{applied['bookinfo']}/").text
    refused = "User vera may not update virtualservices"
    assert (refused in preview) == (refused in change) == (role == "viewer")
    assert ('id="revert-reason"' in change) == (role == "viewer")


def test_somebody_without_an_identity_is_told_so(sign_in, cluster):
    api = sign_in("nobody")
    page = api.client.get("/routing/")
    assert page.status_code == 200
    assert "Your account has no Kubernetes identity" in page.text
    for answer in (api.get("services"), api.plan(SPLIT)):
        assert answer.status_code == 403
        assert "Your account has no Kubernetes identity" in answer.json()["error"]["message"]
