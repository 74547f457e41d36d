"""What stands where somebody may not read: he breaks nothing there, is not told of it, ends no plan by it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import connection, kinds
from cluster.errors import Unavailable
from cluster.people import of
from cluster.refs import Ref
from routing import apply, plans, problems, scope
from routing.errors import ConflictError
from routing.models import Change, Plan
from tests.people import own
from tests.routing.stage import (
    NO_TRAFFIC,
    SPLIT,
    destination_rule,
    pod,
    route,
    virtual_service,
    writes,
)

pytestmark = pytest.mark.django_db

RATINGS = {"kind": "split", "namespace": "bookinfo", "service": "ratings", "weights": {"v1": 100}}
RATINGS_SUBSETS = Ref(kinds.DESTINATION_RULE, "bookinfo", "ratings")
DETAILS = {**RATINGS, "service": "details"}


@pytest.fixture
def cluster(shared_cluster):
    return shared_cluster


def planned(rule, people):
    """The administrator's plan."""
    return plans.make({"rules": [rule]}, people["administrator"], own(), NO_TRAFFIC)


def outside_policy(cluster):
    """A policy for every host, in a namespace that only the administrator may read."""
    policy = {"connectionPool": {"tcp": {"maxConnections": 4711}}}
    cluster.put(destination_rule("every", [], "istio-system", host="*.local", trafficPolicy=policy))


def test_a_revert_breaks_no_route_that_its_author_may_not_read(sign_in, cluster):
    change = sign_in("administrator").applied(RATINGS)
    host = "ratings.bookinfo.svc.cluster.local"
    cluster.put(virtual_service("uses", [{"route": route(("v1", 100), host=host)}], "vault"))
    before = writes(cluster)
    refused = sign_in("operator").post(f"changes/{change['id']}/revert")
    assert refused.status_code == 409
    assert refused.json()["error"]["message"] == f"{problems.ELSEWHERE} Nothing was taken back."
    assert writes(cluster) == before
    told = sign_in("administrator").post(f"changes/{change['id']}/revert")
    assert "VirtualService vault/uses still names it" in told.json()["error"]["message"]


def test_who_may_not_write_ends_no_plan_and_leaves_no_row(sign_in, cluster, people):
    plan = planned(SPLIT, people)
    refused = sign_in("viewer").post(f"plans/{plan.pk}/apply")
    assert refused.status_code == 403
    assert "may not update virtualservices 'reviews' in bookinfo" in refused.json()["error"]["message"]
    assert not Change.objects.exists()
    assert Plan.objects.get().state == "ready"
    assert sign_in("operator").post(f"plans/{plan.pk}/apply").status_code == 200


def test_who_may_not_write_takes_nothing_back_and_leaves_no_row(sign_in, cluster):
    change = sign_in("operator").applied(SPLIT)
    refused = sign_in("viewer").post(f"changes/{change['id']}/revert")
    assert refused.status_code == 403
    assert (Change.objects.count(), Plan.objects.count()) == (1, 1)
    assert Change.objects.get().revert_claimed_at is None


def test_a_cluster_that_does_not_say_who_may_write_is_no_refusal(sign_in, cluster, people, monkeypatch):
    plan = planned(SPLIT, people)
    operator = of(people["operator"])

    def away(_):
        raise Unavailable("gone")

    monkeypatch.setattr(operator.access, "answer", away)
    with pytest.raises(Unavailable):
        apply.apply(plan, people["operator"], operator)
    assert not Change.objects.exists()
    assert Plan.objects.get().state == "ready"


def test_who_sees_less_than_a_plan_was_made_of_leaves_it_to_others(cluster, people):
    outside_policy(cluster)
    plan = planned(RATINGS, people)
    with pytest.raises(ConflictError, match="By what you may read, these rules need other writes"):
        apply.apply(plan, people["operator"], of(people["operator"]))
    assert writes(cluster) == []
    plan.refresh_from_db()
    assert plan.state == "ready"
    done = apply.apply(plan, people["administrator"], of(people["administrator"]))
    assert done.state == "applied"


def test_what_a_plan_copies_from_elsewhere_is_shown_to_those_who_may_read_it(sign_in, cluster, people):
    outside_policy(cluster)
    plan = planned(RATINGS, people)
    api = sign_in("administrator")
    assert "4711" in api.get(f"plans/{plan.pk}").text
    change = api.post(f"plans/{plan.pk}/apply").json()["id"]
    for role in ("viewer", "operator"):
        api = sign_in(role)
        assert api.get(f"plans/{plan.pk}").status_code == 404
        assert api.get(f"changes/{change}").status_code == 404


def test_a_readable_namespace_shows_no_object_of_a_kind_that_may_not_be_read(
    sign_in, cluster, people, rights
):
    rights.given.add(("vera", "list", "services", "vault"))
    plan = planned(DETAILS, people)
    assert "vault/ledger-details" in sign_in("administrator").get(f"plans/{plan.pk}").text
    told = sign_in("viewer").get(f"plans/{plan.pk}")
    assert "ledger-details" not in told.text
    assert problems.ELSEWHERE in [item["message"] for item in told.json()["problems"]]


def test_whether_a_version_has_ready_pods_is_told_to_those_who_may_read_pods(cluster, people):
    cluster.put(pod("ratings-v2-a", "ratings", "v2", ready=False))
    cluster.put(pod("ratings-v1-a", "ratings", "v1", ready=False))
    (kept,) = (item for item in planned(RATINGS, people).problems if item["code"] == "NO_READY_PODS")
    istio = {(kind, "bookinfo") for kind in (kinds.VIRTUAL_SERVICE, kinds.DESTINATION_RULE)}
    assert problems.shown(kept, istio)["message"] == problems.ELSEWHERE
    assert "no ready pod" in problems.shown(kept, {(kinds.POD, "bookinfo")})["message"]


def test_a_problem_of_an_older_version_is_told_to_those_who_may_read_everything(sign_in, cluster, people):
    plan = planned(DETAILS, people)
    old = [{key: value for key, value in item.items() if key != "needs"} for item in plan.problems]
    Plan.objects.update(problems=old)
    assert "vault" not in sign_in("operator").get(f"plans/{plan.pk}").text
    assert "vault" in sign_in("administrator").get(f"plans/{plan.pk}").text


def test_a_hidden_service_is_unknown_even_while_services_cannot_be_listed(sign_in, cluster, monkeypatch):
    answers = cluster.page

    def page(kind, *args, **options):
        if kind == kinds.SERVICE:
            raise Unavailable("gone")
        return answers(kind, *args, **options)

    monkeypatch.setattr(cluster, "page", page)
    api = sign_in("viewer")
    for path in ("/routing/vault/ledger/", "/routing/nowhere/nothing/", "/api/v1/services/vault/ledger"):
        assert api.client.get(path).status_code == 404, path
    for path in ("/routing/bookinfo/reviews/", "/api/v1/services/bookinfo/reviews"):
        assert api.client.get(path).status_code == 503, path


@pytest.mark.parametrize("role", ["viewer", "administrator"])
def test_a_row_that_does_not_say_what_it_is_about_is_shown_to_nobody(role, sign_in, cluster, people):
    plan = planned(SPLIT, people)
    Plan.objects.update(needs="")
    assert sign_in(role).get(f"plans/{plan.pk}").status_code == 404
    assert not scope.seen_by(connection.get().acting(None), Plan.objects.all()).exists()


@given(st.sampled_from(kinds.ALL), st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?", fullmatch=True))
def test_a_need_is_read_as_it_was_written(kind, namespace):
    assert problems.read(problems.written((kind, namespace))) == (kind, namespace)
