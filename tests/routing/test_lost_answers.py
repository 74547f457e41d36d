"""A write whose answer was lost is looked up, never repeated.

what stands there now          what is told
what stood there before        it did not arrive
what the dry run had answered  it is done
anything else                  somebody else's version stands; whether ours came before is not known
"""

import pytest

from cluster.errors import Unavailable
from cluster.refs import Ref
from routing.models import Change
from tests.routing.stage import DELAY, RATINGS, REVIEWS, REVIEWS_SUBSETS, SPLIT, virtual_service, writes

pytestmark = pytest.mark.django_db
UNKNOWN = "whether this write came before, and was replaced, is not known"


class Meanwhile:
    """Loses the answer of the next write of a verb, and does something before it is looked up."""

    def __init__(self, cluster, verb, deed, monkeypatch):
        self.write = getattr(cluster, verb)
        self.deed = deed
        monkeypatch.setattr(cluster, verb, self)

    def __call__(self, *args, dry_run=False, **options):
        answer = self.write(*args, dry_run=dry_run, **options)
        if dry_run or self.deed is None:
            return answer
        deed, self.deed = self.deed, None
        deed()
        raise Unavailable("timed out")


@pytest.fixture
def planned(api, cluster):
    """Applies a plan, and answers how it went."""

    def applied(*rules):
        plan = api.plan(*rules).json()
        return lambda: api.post(f"plans/{plan['id']}/apply")

    return applied


def edit(cluster, ref):
    return lambda: cluster.edit(ref, lambda item: item["spec"].update(exportTo=["."]))


def told(answer):
    """The message, of a change that has ended and claims to have written nothing of this."""
    assert answer.status_code == 503
    change = Change.objects.latest("pk")
    assert change.state == "failed"
    assert change.operations[0]["state"] == "failed"
    return answer.json()["error"]["message"]


@pytest.mark.parametrize(("verb", "rule"), [("replace", SPLIT), ("create", DELAY)])
def test_a_write_that_never_arrived_is_told_so(planned, cluster, verb, rule):
    apply = planned(rule)
    cluster.fail_next(verb, Unavailable("timed out"))
    assert "The write did not arrive." in told(apply())
    assert len(writes(cluster)) == 1


@pytest.mark.parametrize(("verb", "rule"), [("replace", SPLIT), ("create", DELAY)])
def test_a_write_that_arrived_is_done(planned, cluster, verb, rule):
    apply = planned(rule)
    cluster.fail_next(verb, Unavailable("timed out"), after=True)
    change = apply().json()
    assert change["state"] == "applied"
    assert change["operations"][0]["message"] == "The answer was lost; the cluster has the write."
    assert len(writes(cluster)) == len(change["operations"])


def test_an_update_that_somebody_replaced_since_is_told_as_unknown(planned, cluster, monkeypatch):
    apply = planned(SPLIT)
    Meanwhile(cluster, "replace", edit(cluster, REVIEWS_SUBSETS), monkeypatch)
    message = told(apply())
    assert UNKNOWN in message
    assert "somebody else's version stands there" in message
    assert len(writes(cluster)) == 1


def test_an_update_of_what_somebody_removed_since_is_told_as_unknown(planned, cluster, monkeypatch):
    apply = planned(SPLIT)
    Meanwhile(cluster, "replace", lambda: cluster.remove(REVIEWS_SUBSETS), monkeypatch)
    message = told(apply())
    assert UNKNOWN in message
    assert "it is gone" in message


def test_a_create_of_what_somebody_made_meanwhile_is_told_as_unknown(planned, cluster, monkeypatch):
    apply = planned(DELAY)
    Meanwhile(cluster, "create", edit(cluster, RATINGS), monkeypatch)
    assert UNKNOWN in told(apply())


@pytest.fixture
def undone(api, cluster):
    """Takes back a change that created an object, which deletes it."""
    change = api.applied(DELAY)
    return lambda: api.post(f"changes/{change['id']}/revert")


def test_a_delete_that_arrived_is_done(undone, cluster):
    cluster.fail_next("delete", Unavailable("timed out"), after=True)
    assert undone().json()["state"] == "applied"


def test_a_delete_that_never_arrived_is_told_so(undone, cluster):
    cluster.fail_next("delete", Unavailable("timed out"))
    assert "The write did not arrive." in told(undone())
    assert cluster.get(RATINGS)


def test_a_delete_after_which_somebody_made_another_is_told_as_unknown(undone, cluster, monkeypatch):
    another = virtual_service("ratings", [])
    Meanwhile(cluster, "delete", lambda: cluster.put(another), monkeypatch)
    assert UNKNOWN in told(undone())
    assert cluster.get(RATINGS)["spec"]["http"] == []


def test_every_write_was_tried_before(api, cluster):
    def controller(verb, manifest):
        """Writes a status between the try and the write, once."""
        if verb == "replace" and ("replace", str(REVIEWS), True) in cluster.calls and not seen:
            seen.append(verb)
            cluster.edit(REVIEWS, lambda item: item.update(status={"observedGeneration": "1"}))

    seen = []
    cluster.admission = controller
    changes = [api.applied(SPLIT), api.applied(DELAY)]
    for change in reversed(changes):
        assert api.post(f"changes/{change['id']}/revert").status_code == 200
    tried = {}
    for verb, target, dry_run in cluster.calls:
        if verb in ("create", "replace", "delete"):
            tried[verb, target] = tried.get((verb, target), 0) + (1 if dry_run else -1)
            assert tried[verb, target] >= 0, (verb, target)
    assert Ref.of(cluster.get(REVIEWS)) == REVIEWS
