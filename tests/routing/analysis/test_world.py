"""The world knows what it was asked: after a change, only what had asked for it can say something else."""

from hypothesis import given
from hypothesis import strategies as st

from routing.analysis.analyzers import ALL
from routing.analysis.engine import analyze, ordered, run
from routing.analysis.objects import Obj
from routing.analysis.world import World
from tests.routing.analysis.build import make, pod, service, virtual_service, world
from tests.routing.analysis.samples import BAD_AND_GOOD

POOL = [obj for bad, good in BAD_AND_GOOD.values() for obj in (*bad, *good)]
objects = st.lists(st.sampled_from(POOL), max_size=12)


def memory(world):
    """What every check says of every object, and what it asked for that."""
    return {
        (analyzer, obj.key): run(analyzer, world, obj)
        for analyzer in ALL
        for kind in analyzer.subjects
        for obj in world.of(kind)
    }


@given(objects, objects, st.data())
def test_only_what_had_asked_a_bucket_that_changed_can_say_something_else(before, added, data):
    old = world(*before)
    remembered = memory(old)
    keys = sorted({obj.key for obj in before})
    removed = data.draw(st.lists(st.sampled_from(keys), max_size=2)) if keys else []
    new, touched = old.changed(removed, list({obj.key: obj for obj in added}.values()))
    for (analyzer, key), (found, asked) in memory(new).items():
        if (analyzer, key) not in remembered or asked & touched:
            continue
        assert found == remembered[analyzer, key][0], analyzer.topic
    for (analyzer, key), (found, asked) in remembered.items():
        obj = new.get(key)
        if obj is not None and not asked & touched:
            assert run(analyzer, new, obj)[0] == found, analyzer.topic


@given(objects, objects, st.data())
def test_a_changed_world_says_what_a_fresh_one_would_say(before, added, data):
    keys = sorted({obj.key for obj in before})
    removed = data.draw(st.lists(st.sampled_from(keys), max_size=2)) if keys else []
    fresh_added = list({obj.key: obj for obj in added}.values())
    old = world(*before)
    analyze(old)
    new, _ = old.changed(removed, fresh_added)
    rest = {obj.key: obj for obj in before if obj.key not in removed}
    fresh = world(*({**rest, **{obj.key: obj for obj in fresh_added}}).values())
    assert analyze(new) == analyze(fresh)
    assert analyze(old) == analyze(world(*before))


@given(st.lists(st.sampled_from(POOL), max_size=12, unique_by=lambda obj: obj.key), st.randoms())
def test_the_order_in_which_objects_come_does_not_matter(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    assert analyze(world(*found)) == analyze(world(*shuffled))


@given(objects)
def test_what_the_checks_say_one_by_one_is_what_they_say_together(found):
    all_objects = world(*found)
    single = [one for findings, _ in memory(all_objects).values() for one in findings]
    assert ordered(single) == analyze(all_objects)


def test_of_two_objects_with_one_name_the_last_counts():
    first, last = service(ports=(80,)), service(ports=(80, 81))
    assert world(first, last).of(("", "Service")) == [last]


def test_a_change_of_a_service_concerns_the_routes_to_it_and_no_other():
    mine, other = virtual_service(), virtual_service(name="other", hosts=("ratings",))
    all_objects = world(mine, other, service(), service("ratings"))
    checks = [analyzer for analyzer in ALL if analyzer.topic == "virtualservice.DestinationHostAnalyzer"]
    asked = run(checks[0], all_objects, mine)[1]
    _, touched = all_objects.changed([], [service(ports=(1, 2))])
    assert asked & touched
    _, touched = all_objects.changed([], [service("details")])
    assert not asked & touched


def test_what_is_only_assumed_is_looked_up_and_not_spoken_of():
    assumed = Obj.of(pod(securityContext={"runAsUser": 1337}).manifest, "default", given=False)
    assert analyze(World([assumed])) == ()


def test_an_object_can_ask_not_to_be_spoken_of():
    suppressed = {"galley.istio.io/analyze-suppress": "IST0118"}
    ports = [{"name": "web", "port": 80}]
    assert analyze(world(make("Service", ports=ports)))
    assert analyze(world(make("Service", ports=ports, annotations=suppressed))) == ()
    everything = {"galley.istio.io/analyze-suppress": "*"}
    assert analyze(world(make("Service", ports=ports, annotations=everything))) == ()
