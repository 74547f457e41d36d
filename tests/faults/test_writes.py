"""Writes to an API server that breaks: never "applied" what was not, and nothing ever twice."""

import pytest

from cluster import connection, kinds
from cluster.errors import Unavailable
from cluster.refs import Ref
from routing import apply, plans
from routing.errors import ConflictError, NotWrittenError
from routing.models import Change, Plan
from tests.faults import kinds as faults
from tests.people import own, person
from tests.routing.stage import NO_TRAFFIC, destination_rule, pod, route, service, virtual_service

pytestmark = pytest.mark.django_db
RULES = "*/virtualservices*"


@pytest.fixture(autouse=True)
def no_pause(settings):
    settings.ROUTING_SETTLE_SECONDS = 0


@pytest.fixture
def olga():
    return person("olga")


@pytest.fixture
def acting(backend, cluster):
    """The cluster through the proxy, with a service of two versions, all of it going to the first."""
    place, stage = backend.namespace, backend.cluster
    stage.create(service("reviews", place))
    for version in ("v1", "v2"):
        made = pod(f"reviews-{version}", "reviews", version, place)
        status = made.pop("status")
        made["spec"]["containers"] = [{"name": "reviews", "image": "local/reviews:1"}]
        stage.create(made)
        backend.set_status(Ref.of(made), status)
    stage.create(destination_rule("reviews", ["v1", "v2"], place))
    stage.create(virtual_service("reviews", [{"route": route(("v1", 100))}], place))
    with connection.override(cluster):
        yield own()


class Steps:
    """A plan to split, its application, and what is live."""

    def __init__(self, backend, acting, olga):
        self.backend, self.acting, self.olga = backend, acting, olga
        self.ref = Ref(kinds.VIRTUAL_SERVICE, backend.namespace, "reviews")

    def plan(self, **weights):
        split = {
            "kind": "split",
            "namespace": self.backend.namespace,
            "service": "reviews",
            "weights": weights,
        }
        return plans.make({"rules": [split]}, self.olga, self.acting, NO_TRAFFIC)

    def apply(self, plan):
        return apply.apply(plan, self.olga, self.acting)

    def weights(self):
        """What is live, read around the proxy."""
        (rule,) = self.backend.cluster.get(self.ref)["spec"]["http"]
        return {item["destination"]["subset"]: item.get("weight", 100) for item in rule["route"]}


@pytest.fixture
def steps(backend, acting, olga):
    return Steps(backend, acting, olga)


def written(proxy):
    return [request for request in proxy.seen if request.write]


BEFORE = {
    "500": (faults.broken(), "etcdserver: request timed out"),
    "429": (faults.busy(), "slow down"),
    "closed": (faults.Reset(), "The write did not arrive"),
    "silence": (faults.Silent(), "The write did not arrive"),
    "a proxy's page": (faults.error_page(), "The write did not arrive"),
}


@pytest.mark.parametrize(("fault", "words"), BEFORE.values(), ids=BEFORE)
def test_a_write_that_never_arrived_is_503_and_not_tried_again(steps, proxy, fault, words):
    plan = steps.plan(v1=80, v2=20)
    met = proxy.fault(fault, path=RULES, write=True, times=None)
    with pytest.raises(NotWrittenError, match=words) as refusal:
        steps.apply(plan)
    assert refusal.value.status_code == 503
    assert "Nothing was written" in str(refusal.value)
    assert Change.objects.get().state == "failed"
    assert (met.hits, written(proxy)) == (1, [])
    assert steps.weights() == {"v1": 100}


AFTER = {"lost": faults.Lost(), "500": faults.broken(after=True), "timeout": faults.Silent(after=True)}


@pytest.mark.parametrize("fault", AFTER.values(), ids=AFTER)
def test_a_write_whose_answer_was_lost_is_found_by_reading_and_done_once(steps, proxy, fault):
    plan = steps.plan(v1=80, v2=20)
    met = proxy.fault(fault, path=RULES, write=True)
    assert steps.apply(plan).state == "applied"
    assert Change.objects.get().operations[0]["message"].startswith("The answer was lost")
    assert met.hits == 1
    assert [(request.method, request.status) for request in written(proxy)] == [("PUT", 200)]
    assert steps.weights() == {"v1": 80, "v2": 20}
    assert steps.apply(plan).state == "applied"
    assert len(written(proxy)) == 1


def test_a_lost_answer_that_cannot_be_looked_up_is_never_called_applied(steps, proxy):
    plan = steps.plan(v1=80, v2=20)
    lost = proxy.fault(faults.Lost(), path=RULES, write=True)
    # The first read of the object is the check before the write.
    proxy.fault(Once(lost), method="GET", path=RULES, times=None)
    with pytest.raises(NotWrittenError, match="Whether the write arrived is not known"):
        steps.apply(plan)
    assert Change.objects.get().state == "failed"
    assert len(written(proxy)) == 1


class Once:
    """Closes the connection once another fault has been met; lets all pass before."""

    def __init__(self, met):
        self.met = met

    async def __call__(self, exchange):
        await (faults.Reset()(exchange) if self.met.hits else exchange.pass_on())


def test_a_server_that_is_down_keeps_the_plan_for_later(steps, proxy):
    plan = steps.plan(v1=80, v2=20)
    proxy.refuse()
    with pytest.raises(Unavailable, match="Nothing was written"):
        steps.apply(plan)
    assert Plan.objects.get().state == "ready"
    proxy.listen()
    assert steps.apply(plan).state == "applied"
    assert steps.weights() == {"v1": 80, "v2": 20}


def test_a_dry_run_that_gets_no_answer_writes_nothing(steps, proxy):
    plan = steps.plan(v1=80, v2=20)
    proxy.fault(faults.Lost(), method="PUT", path=RULES)
    with pytest.raises(NotWrittenError, match="Nothing was written"):
        steps.apply(plan)
    assert written(proxy) == []


def test_an_edit_that_comes_in_between_is_a_conflict_and_is_kept(steps, proxy):
    plan = steps.plan(v1=80, v2=20)

    class Edited:
        """Somebody edits the object in the moment before the write."""

        async def __call__(self, exchange):
            live = steps.backend.cluster.get(steps.ref)
            live["spec"]["http"][0]["timeout"] = "3s"
            steps.backend.cluster.replace(live)
            await exchange.pass_on()

    proxy.fault(Edited(), path=RULES, write=True)
    with pytest.raises(ConflictError):
        steps.apply(plan)
    assert [request.status for request in written(proxy)] == [409]
    assert steps.backend.cluster.get(steps.ref)["spec"]["http"][0]["timeout"] == "3s"
    assert steps.weights() == {"v1": 100}
