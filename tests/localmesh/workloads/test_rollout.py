from hypothesis import given
from hypothesis import strategies as st

from localmesh.workloads import rollout
from localmesh.workloads.rollout import Bounds, Counts


def deployment(replicas=None, **strategy):
    spec = {} if replicas is None else {"replicas": replicas}
    return {"metadata": {"name": "d"}, "spec": {**spec, "strategy": strategy}}


def rolling(replicas, surge, unavailable):
    return deployment(
        replicas, type="RollingUpdate", rollingUpdate={"maxSurge": surge, "maxUnavailable": unavailable}
    )


def test_replicas_default_to_one_and_may_be_zero():
    assert rollout.desired(deployment()) == 1
    assert rollout.desired(deployment(0)) == 0


def test_a_surge_is_rounded_up_and_the_unavailable_down():
    assert rollout.bounds(rolling(10, "25%", "25%")) == Bounds(surge=3, unavailable=2)
    assert rollout.bounds(rolling(1, "25%", "25%")) == Bounds(surge=1, unavailable=0)
    assert rollout.bounds(deployment(4)) == Bounds(surge=1, unavailable=1)


def test_a_rollout_that_may_neither_surge_nor_miss_may_miss_one():
    assert rollout.bounds(rolling(3, 0, 0)) == Bounds(surge=0, unavailable=1)


def test_a_recreation_has_no_surge():
    assert rollout.bounds(deployment(3, type="Recreate")) == Bounds(surge=0, unavailable=3)


def test_unhealthy_old_pods_go_before_healthy_ones():
    old = [Counts("sick", 2, 0), Counts("well", 2, 2)]
    wanted = rollout.old_replicas(Counts("new", 1, 1), old, 4, Bounds(1, 1))
    assert wanted == {"sick": 0, "well": 2}


@given(
    desired=st.integers(0, 12),
    surge=st.integers(0, 12),
    unavailable=st.integers(0, 12),
    old=st.lists(st.integers(0, 6), max_size=3),
    start=st.integers(0, 12),
)
def test_every_rollout_ends_and_stays_within_its_bounds(desired, surge, unavailable, old, start):
    """Each round the pods that were asked for become available; the bounds hold at every step."""
    allowed = Bounds(surge, unavailable if surge or unavailable else 1)
    new = Counts("new", min(start, desired), min(start, desired))
    before = [Counts(f"old-{index}", count, count) for index, count in enumerate(old)]
    most = max(desired + allowed.surge, new.replicas + sum(old))
    least = min(desired - allowed.unavailable, new.available + sum(old))
    for _ in range(60):
        grown = rollout.new_replicas(new, before, desired, allowed)
        new = Counts("new", grown, min(grown, new.available))
        shrunk = rollout.old_replicas(new, before, desired, allowed)
        before = [
            Counts(each.name, shrunk[each.name], min(shrunk[each.name], each.available)) for each in before
        ]
        total = new.replicas + sum(each.replicas for each in before)
        available = new.available + sum(each.available for each in before)
        assert total <= most
        assert available >= least
        new = Counts("new", new.replicas, new.replicas)
    assert new.replicas == desired
    assert not any(each.replicas for each in before)
