"""The analysis that is kept says at every moment what a whole one would say."""

from hypothesis import given
from hypothesis import strategies as st

from routing.analysis.analyzers import ALL, LIVE
from routing.analysis.engine import analyze
from routing.analysis.incremental import Incremental
from routing.analysis.objects import Obj
from routing.analysis.world import World
from tests.routing.analysis.build import pod, service, virtual_service, world
from tests.routing.analysis.samples import BAD_AND_GOOD
from tests.routing.analysis.test_own_codes import CASES

OWN = [
    # Another name and namespace here and there, so that objects of different cases meet.
    Obj.of(manifest)
    for bad, good in CASES.values()
    for manifest in (*bad, *good)
]
POOL = [obj for bad, good in BAD_AND_GOOD.values() for obj in (*bad, *good)] + OWN
objects = st.lists(st.sampled_from(POOL), max_size=10, unique_by=lambda obj: obj.key)


@given(objects, st.lists(st.tuples(objects, st.randoms(use_true_random=False)), max_size=6))
def test_after_any_sequence_of_edits_it_is_equal_to_a_whole_analysis(start, edits):
    kept = Incremental(world(*start), ALL)
    now = {obj.key: obj for obj in start}
    assert kept.findings == analyze(world(*now.values()))
    for added, random in edits:
        removed = [key for key in sorted(now) if random.random() < 0.3]
        kept.change(removed, added)
        now = {key: obj for key, obj in now.items() if key not in removed}
        now.update((obj.key, obj) for obj in added)
        assert kept.findings == analyze(world(*now.values()))


@given(objects, objects, st.randoms(use_true_random=False))
def test_what_is_foreseen_is_what_is_new_afterwards_and_nothing_is_changed(start, added, random):
    kept = Incremental(world(*start), ALL)
    now, before = {obj.key: obj for obj in start}, kept.findings
    removed = [key for key in sorted(now) if random.random() < 0.3]
    foreseen = kept.foreseen(removed, added)
    assert kept.findings == before
    later = {key: obj for key, obj in now.items() if key not in removed}
    later.update((obj.key, obj) for obj in added)
    after = analyze(world(*later.values()))
    assert foreseen == tuple(each for each in after if each not in before)


def test_only_the_checks_that_a_change_concerns_run_again():
    places = [f"shop-{number}" for number in range(50)]
    every = [make(namespace=place) for make in (virtual_service, service, pod) for place in places]
    kept = Incremental(World(every), LIVE)
    ran = kept.change((), [service(namespace="shop-7", ports=(1, 2))])
    assert 0 < ran < 60
    assert kept.findings == analyze(kept.world, LIVE)
    assert kept.change((), ()) == 0


def test_what_is_said_of_an_object_goes_with_it():
    lonely = virtual_service(hosts=("nowhere",))
    kept = Incremental(world(lonely), ALL)
    assert kept.of(lonely.key)
    kept.change([lonely.key], ())
    assert (kept.of(lonely.key), kept.findings) == ((), ())
