"""What a rollout writes to a cluster, with whose rights, and what comes of every failure."""

from dataclasses import replace

import pytest
from django.utils import timezone

from cluster import connection, kinds
from cluster.errors import Conflict, Invalid, Unavailable
from cluster.refs import Ref
from routing.models import Change, Plan
from routing.rolling import commands
from routing.rolling.leader import logbook
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import FENCE, Writer
from routing.rollouts.inputs import Write
from routing.rollouts.standing import route_name
from routing.rollouts.states import Rule
from tests.people import person
from tests.routing.rolling.rows import does, driven, goes
from tests.routing.rollouts.scenes import STRATEGIES, spec
from tests.routing.stage import (
    REVIEWS,
    REVIEWS_SUBSETS,
    bookinfo,
    to_whole,
    virtual_service,
    weights,
    writes,
)

pytestmark = pytest.mark.django_db
HOST = "reviews.bookinfo.svc.cluster.local"
MIRROR, HEADER = (next(each for each in STRATEGIES if each.kind == kind) for kind in ("mirror", "header"))


@pytest.fixture(autouse=True)
def _without_waiting(settings):
    settings.ROUTING_SETTLE_SECONDS = 0


def test_a_step_is_one_plan_that_is_recorded_with_its_place_in_the_rollout(cluster, olga):
    rollout = driven(olga, confirmed=Rule(0))
    done, _ = does(Writer(), rollout, "advance", Rule(5))
    assert done.result == "done"
    change = Change.objects.get(pk=done.change)
    assert (change.state, change.by) == ("applied", olga)
    assert change.note == f"Rollout #{rollout.row.pk}, step 1 of 4: 5 %."
    assert weights(cluster) == {"v1": 95, "v3": 5}


def test_every_step_but_the_first_is_one_write(cluster, olga):
    rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
    assert [target for _, target in writes(cluster)] == [str(REVIEWS_SUBSETS), str(REVIEWS)]
    before = len(writes(cluster))
    goes(Writer(), rollout, Rule(25), Rule(50), Rule(100))
    assert [target for _, target in writes(cluster)[before:]] == [str(REVIEWS)] * 3


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda each: each.kind)
def test_a_way_back_is_one_replace_whatever_the_strategy(cluster, olga, strategy):
    first = Rule(25, match=strategy.kind in ("header", "cookie"))
    if strategy.kind == "mirror":
        first = Rule(0, mirror=True)
    rollout = goes(Writer(), driven(olga, spec(strategy), confirmed=Rule(0)), first)
    before = len(writes(cluster))
    done, _ = does(Writer(), rollout, "rollback", Rule())
    assert done.result == "done"
    assert writes(cluster)[before:] == [("replace", str(REVIEWS))]
    assert weights(cluster)["v1"] == 100


def test_nothing_is_written_where_it_stands_already(cluster, olga):
    done, _ = does(Writer(), driven(olga, confirmed=Rule(0)), "advance", Rule(0))
    assert (done.result, done.change, writes(cluster)) == ("done", None, [])
    assert not Plan.objects.exists()


def test_a_write_is_refused_where_something_else_stands_than_the_rollout_believes(cluster, olga):
    done, _ = does(Writer(), driven(olga, confirmed=Rule(50)), "advance", Rule(100))
    assert done.result == "refused"
    assert "0 % stands now" in done.words
    assert writes(cluster) == []


def test_a_stale_leader_writes_nothing_though_the_plan_was_made(cluster, olga):
    asked = []

    def still(epoch):
        asked.append(epoch)
        return False

    done, _ = does(Writer(still), driven(olga, confirmed=Rule(0), epoch=4), "advance", Rule(5))
    assert done.result == "refused"
    assert "another leader than that of epoch 4" in done.words
    assert asked == [4]
    assert writes(cluster) == []
    assert Change.objects.get().state == "conflict"


def test_a_leader_that_became_stale_between_two_writes_of_a_plan_ends_after_the_first(cluster, olga):
    answers = iter([True, False])
    writer = Writer(lambda _: next(answers))
    done, _ = does(writer, driven(olga, confirmed=Rule(0)), "advance", Rule(5))
    assert done.result == "unknown"
    assert writes(cluster) == [("replace", str(REVIEWS_SUBSETS))]
    assert Change.objects.get().state == "partial"


def test_an_edit_right_before_the_write_is_a_refusal(cluster, olga):
    rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))

    def still(_):
        cluster.edit(REVIEWS, lambda each: each["spec"]["http"][0].update(timeout="3s"))
        return True

    done, _ = does(Writer(still), rollout, "advance", Rule(25))
    assert done.result == "refused", done
    assert weights(cluster) == {"v1": 95, "v3": 5}


def test_what_the_server_refuses_is_a_refusal_with_its_words(cluster, olga):
    rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
    cluster.fail_next("replace", Invalid("not on a Friday"))
    done, _ = does(Writer(), rollout, "advance", Rule(25))
    assert done.result == "refused"
    assert "not on a Friday" in done.words


def test_what_is_refused_look_after_look_is_in_the_record_once(cluster, olga):
    writer, rollout = Writer(), goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))

    def frozen(verb, manifest):
        raise Invalid("the routes are frozen")

    cluster.admission = frozen
    for _ in range(5):
        done, _ = does(writer, rollout, "advance", Rule(25))
        assert (done.result, "frozen" in done.words) == ("refused", True)
    assert [each.state for each in Change.objects.order_by("pk")] == ["applied", "failed"]
    cluster.admission = None
    done, _ = does(writer, rollout, "advance", Rule(25))
    assert done.result == "done"
    assert Change.objects.count() == Plan.objects.count() == 3


def test_a_write_without_an_answer_that_cannot_be_looked_up_is_unknown(cluster, olga):
    rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
    cluster.fail_next("replace", Unavailable("cut"))
    cluster.fail_next("get", Unavailable("away"), skip=1)
    done, _ = does(Writer(), rollout, "advance", Rule(25))
    assert done.result == "unknown", done


def test_a_write_whose_answer_was_lost_is_found_done(cluster, olga):
    rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
    cluster.fail_next("replace", Unavailable("cut"), after=True)
    done, _ = does(Writer(), rollout, "advance", Rule(25))
    assert done.result == "done"


def test_a_cluster_that_is_away_is_a_refusal_before_anything_was_written(cluster, olga):
    cluster.fail_next("list", Unavailable("away"))
    done, _ = does(Writer(), driven(olga, confirmed=Rule(0)), "advance", Rule(5))
    assert done.result == "refused"
    assert "Nothing was written" in done.words


def test_what_is_said_names_nothing_of_a_namespace_that_not_all_may_read(shared_cluster, people):
    mine = driven(people["administrator"], confirmed=Rule(0))
    shared_cluster.put(virtual_service("secret", [{"route": to_whole()}], "vault", hosts=[HOST]))
    assert HOST in shared_cluster.get(Ref(kinds.VIRTUAL_SERVICE, "vault", "secret"))["spec"]["hosts"]
    done, _ = does(Writer(), mine, "advance", Rule(5))
    assert done.result == "refused"
    assert not {"vault", "secret"} & set(done.words.replace("/", " ").split())
    world = Worlds().world(mine)
    assert "of another namespace" in world.foreign
    assert "vault" not in world.foreign


def test_how_the_cluster_is_reached_is_said_to_nobody_by_a_rollout(cluster, olga):
    cluster.fail_next("list", Unavailable("10.0.0.7:6443 does not answer"))
    done, _ = does(Writer(), driven(olga, confirmed=Rule(0)), "advance", Rule(5))
    assert (done.result, "10.0.0.7" in done.words) == ("refused", False)


def test_who_commanded_a_write_stands_in_its_record(cluster, olga):
    ann, rollout = person("ann"), driven(olga, confirmed=Rule(0))
    commands.send(rollout.row, "set_weight", ann, weight=30, now=timezone.now())
    rollout.row.commands.update(handled_at=timezone.now())
    done, rollout = does(Writer(), rollout, "set", Rule(30))
    assert Change.objects.get(pk=done.change).by == ann
    done, _ = does(Writer(), rollout, "rollback", Rule())
    assert Change.objects.get(pk=done.change).by == olga


class TestRights:
    """Forward with those of the initiator, back with the console's own."""

    @pytest.fixture
    def oscar(self, shared_cluster, people):
        return people["operator"]

    def test_forward_goes_as_the_initiator(self, shared_cluster, rights, oscar):
        rollout = goes(Writer(), driven(oscar, confirmed=Rule(0)), Rule(5))
        rights.taken.add(("oscar", "update"))
        done, _ = does(Writer(), rollout, "advance", Rule(25))
        assert done.result == "refused"
        assert "may not update virtualservices" in done.words
        assert weights(shared_cluster) == {"v1": 95, "v3": 5}

    @pytest.mark.parametrize("kind", ["rollback", "restore"])
    def test_the_way_back_works_without_the_initiators_rights(self, shared_cluster, rights, oscar, kind):
        rollout = goes(Writer(), driven(oscar, confirmed=Rule(0)), Rule(5))
        rights.taken |= {("oscar", verb) for verb in ("get", "list", "watch", "create", "update", "delete")}
        oscar.is_active = False
        oscar.save()
        done, _ = does(Writer(), rollout, kind, Rule())
        assert done.result == "done", done
        assert weights(shared_cluster) == {"v1": 100, "v3": 0}
        assert Change.objects.get(pk=done.change).by == oscar

    def test_somebody_who_was_locked_out_writes_nothing_more(self, shared_cluster, oscar):
        rollout = goes(Writer(), driven(oscar, confirmed=Rule(0)), Rule(5))
        oscar.is_active = False
        oscar.save()
        done, _ = does(Writer(), rollout, "advance", Rule(25))
        assert done.result == "refused"

    def test_the_worlds_tell_that_the_rights_are_gone(self, shared_cluster, rights, oscar):
        rollout = driven(oscar, confirmed=Rule(0))
        assert Worlds().world(rollout).may is True
        rights.taken.add(("oscar", "update"))
        assert Worlds().world(rollout).may is False
        oscar.is_active = False
        oscar.save()
        rights.taken.clear()
        assert Worlds().world(rollout).may is False


class TestWayBack:
    """It changes what is there, and makes nothing."""

    def test_where_no_virtual_service_is_left_there_is_nothing_to_take_back(self, cluster, olga):
        rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
        cluster.remove(REVIEWS)
        done, _ = does(Writer(), rollout, "restore", Rule())
        assert (done.result, done.change) == ("done", None)
        assert "no VirtualService routes reviews any more" in done.words

    def test_a_canary_that_is_gone_is_still_taken_out(self, cluster, olga):
        rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
        cluster.remove(Ref(kinds.POD, "bookinfo", "reviews-v3-a"))
        done, _ = does(Writer(), rollout, "restore", Rule())
        assert done.result == "done", done
        assert weights(cluster)["v1"] == 100

    def test_it_never_makes_a_destination_rule(self, cluster, olga):
        rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
        cluster.remove(REVIEWS_SUBSETS)
        done, _ = does(Writer(), driven_again(rollout, Rule(-1)), "restore", Rule())
        assert done.result == "refused"
        assert "makes nothing" in done.words


def driven_again(rollout, confirmed):
    return replace(rollout, state=replace(rollout.state, confirmed=confirmed))


def test_a_service_that_nothing_routes_gets_what_it_takes_and_the_first_step(olga):
    with connection.override(bookinfo()) as staged:
        done, _ = does(Writer(), driven(olga, confirmed=Rule(-1)), "advance", Rule(5))
        assert done.result == "done", done
        assert weights(staged) == {"v1": 95, "v3": 5}


def test_a_header_rollout_has_its_own_route_first_and_takes_it_away_with_the_promotion(cluster, olga):
    rollout = goes(Writer(), driven(olga, spec(HEADER), confirmed=Rule(0)), Rule(0, match=True))
    rules = cluster.get(REVIEWS)["spec"]["http"]
    assert rules[0]["name"] == route_name("bookinfo", "reviews")
    assert rules[0]["match"] == [{"headers": {"x-canary": {"exact": "always"}}}]
    done, _ = does(Writer(), rollout, "promote", Rule(100))
    assert done.result == "done", done
    (rule,) = cluster.get(REVIEWS)["spec"]["http"]
    assert weights(cluster) == {"v1": 0, "v3": 100}
    assert "match" not in rule


def test_copies_go_to_the_canary_beside_those_to_others_and_end_with_the_mirror_step(cluster, olga):
    elsewhere = {"destination": {"host": "details"}, "percentage": {"value": 10}}
    cluster.edit(REVIEWS, lambda each: each["spec"]["http"][0].update(mirrors=[elsewhere]))
    rollout = goes(Writer(), driven(olga, spec(MIRROR), confirmed=Rule(0)), Rule(0, mirror=True))
    (rule,) = cluster.get(REVIEWS)["spec"]["http"]
    assert rule["mirrors"][0] == elsewhere
    assert rule["mirrors"][1]["destination"]["subset"] == "v3"
    goes(Writer(), rollout, Rule(5))
    (rule,) = cluster.get(REVIEWS)["spec"]["http"]
    assert rule["mirrors"] == [elsewhere]


class TestFence:
    """What is under way when a leader is replaced does not arrive any more."""

    def test_a_write_for_the_version_before_is_refused_and_nothing_of_the_fence_stays(self, cluster, olga):
        rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
        before = cluster.get(REVIEWS)
        assert Writer().fence(rollout) is True
        with pytest.raises(Conflict):
            cluster.replace(before)
        after = cluster.get(REVIEWS)
        assert after["spec"] == before["spec"]
        assert "annotations" not in after["metadata"]

    def test_where_nothing_routes_the_service_there_is_nothing_to_change(self, cluster, olga):
        cluster.remove(REVIEWS)
        assert Writer().fence(driven(olga, confirmed=Rule(0))) is True

    def test_while_the_cluster_is_away_nobody_knows(self, cluster, olga):
        cluster.fail_next("replace", Unavailable("away"))
        assert Writer().fence(driven(olga, confirmed=Rule(0))) is False

    def test_one_that_was_left_half_way_is_taken_away_by_the_next(self, cluster, olga):
        rollout = driven(olga, confirmed=Rule(0))
        cluster.fail_next("replace", Unavailable("away"), skip=1)
        assert Writer().fence(rollout) is False
        assert FENCE in cluster.get(REVIEWS)["metadata"]["annotations"]
        assert Writer().fence(rollout) is True
        assert "annotations" not in cluster.get(REVIEWS)["metadata"]


class TestWithoutRightsOfTheConsole:
    """Where deploy/ does not bind meshui-rollback: a rollback goes with the rights of the initiator."""

    @pytest.fixture
    def rollout(self, shared_cluster, rights, people):
        made = goes(Writer(), driven(people["operator"], confirmed=Rule(0)), Rule(5))

        def bounded(identity, ask):
            reads = ask.verb in ("get", "list", "watch")
            return reads if identity is None else rights(identity, ask)

        shared_cluster.rights = bounded
        return made

    def test_it_is_done_as_the_initiator_where_people_write_themselves(self, mode, shared_cluster, rollout):
        done, _ = does(Writer(), rollout, "rollback", Rule())
        # By review nobody but the console's own account writes anything.
        assert done.result == {"impersonate": "done", "review": "refused"}[mode], done
        assert weights(shared_cluster)["v1"] == {"impersonate": 100, "review": 95}[mode]

    def test_it_is_refused_with_the_reason_when_those_are_gone_too(self, shared_cluster, rights, rollout):
        rights.taken.add(("oscar", "update"))
        done, _ = does(Writer(), rollout, "rollback", Rule())
        assert done.result == "refused"
        assert "may not update virtualservices" in done.words


def test_the_log_says_of_a_write_that_was_not_needed_that_there_was_none(cluster, olga):
    done, _ = does(Writer(), driven(olga, confirmed=Rule(0)), "advance", Rule(0))
    entry = logbook.wrote(Write(1, "advance", Rule(0)), done)
    assert entry.words == "Nothing had to be written: it stands already."
