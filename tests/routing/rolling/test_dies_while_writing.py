"""The engine with its real writer and its real eyes: the process dies at every boundary of a whole rollout,
and another one goes on with what it left.

boundaries    before each statement that writes to the database, those of plans and changes included; before
              and after each write to the cluster, the one between the subsets and the route included
afterwards    the same end; in between no weight but those of the steps, and nobody else's part touched
"""

import pytest

from cluster import connection
from cluster.fake import FakeCluster
from routing import diff
from routing.rolling.leader.engine import Engine
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.workers import Inline
from routing.rolling.mesh import pictures
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer
from routing.rollouts.spec import Step
from routing.rollouts.standing import NOTHING, PREFIX, standing
from routing.rollouts.states import Rule
from tests.routing.rolling import stage
from tests.routing.rolling.stage import Boundaries, Parts, Played, Stage
from tests.routing.rollouts.scenes import STRATEGIES, seen, spec
from tests.routing.stage import REVIEWS, REVIEWS_SUBSETS, WORKLOADS, destination_rule, route, virtual_service

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(900)]
LOOKS = 14
STEPS = (Step(25, 20), Step(100, 10))
WEIGHTED, HEADER = (next(each for each in STRATEGIES if each.kind == kind) for kind in ("weighted", "header"))
JASON = {
    "name": "jason",
    "match": [{"headers": {"end-user": {"exact": "jason"}}}],
    "route": route(("v2", 100)),
}
THEIRS = {"timeout": "4s", "retries": {"attempts": 2}, "xFuture": {"a": [1]}}


class Boundary(FakeCluster):
    """A cluster at each of whose writes somebody may die, before it and after it."""

    boundaries = Boundaries()
    stood: list

    def replace(self, manifest, *, dry_run=False):
        if dry_run:
            return super().replace(manifest, dry_run=True)
        self.boundaries.passing("replace")
        answer = super().replace(manifest)
        if manifest["kind"] == "VirtualService":
            self.stood.append(self.rule())
        self.boundaries.passing("replaced")
        return answer

    def rule(self):
        """What stands."""
        return standing(seen([self.get(REVIEWS), self.get(REVIEWS_SUBSETS)]), self.asked)


def staged(asked, boundaries):
    cluster = Boundary([
        *WORKLOADS,
        virtual_service("reviews", [JASON, {"route": route(("v1", 100)), **THEIRS}]),
        destination_rule("reviews", ["v1", "v2"]),
    ])  # fmt: skip
    cluster.boundaries, cluster.asked, cluster.stood = boundaries, asked, []
    return cluster


class Real(Parts):
    """The real worlds and the real writer; the traffic is made up of what they say."""

    def __init__(self, stage, boundaries, leading):
        super().__init__(stage, boundaries)
        self.worlds, self.writer = Worlds(), Writer(leading.still)

    def world(self, driven):
        world = self.worlds.world(driven)
        self.mesh(driven).cluster.rule = world.standing or NOTHING
        return world

    def fence(self, driven):
        return self.writer.fence(driven)

    def write(self, driven, write):
        return self.writer.write(driven, write)


class RealStage(Stage):
    def engine(self, boundaries=None):
        """Another process: it remembers nothing that another one has read."""
        pictures.forget()
        name = f"process {next(stage._numbers)}"
        leading = Leading(name, monotonic=self._clock, is_gone=self.dead.__contains__)
        parts = Real(self, boundaries or Boundaries(), leading)
        return Engine(
            parts, parts, parts, parts,
            leading=leading, workers=Inline(), wall=self.wall, monotonic=self._clock,
        )  # fmt: skip


class RealPlayed(Played):
    """One rollout, its cluster, and whoever drives it."""

    def __init__(self, olga, asked, dies_at):
        self.boundaries = Boundaries(dies_at)
        self.cluster = staged(asked, self.boundaries)
        super().__init__(olga, asked, boundaries=self.boundaries, stage=RealStage(asked))

    def dies(self):
        super().dies()
        self.cluster.boundaries = Boundaries()


def harmful(played):
    if played.state.step == 0:
        played.mesh.canary_bad = 0.3


def healthy(_):
    """Nothing happens."""


def play(olga, asked, story, dies_at=0):
    played = RealPlayed(olga, asked, dies_at)
    with connection.override(played.cluster):
        for _ in range(LOOKS):
            story(played)
            played.looks()
            if played.state.ended:
                break
        played.engine.leading.release()
    return played


def end_of(played):
    row = played.fresh
    rules = played.cluster.get(REVIEWS)["spec"]["http"]
    return row.status, row.step, row.weight, played.cluster.rule(), [rule.get("name") for rule in rules]


def assert_theirs_is_untouched(played):
    virtual, policy = (diff.content(played.cluster.get(ref)) for ref in (REVIEWS, REVIEWS_SUBSETS))
    jason, default = (each for each in virtual["spec"]["http"] if not each.get("name", "").startswith(PREFIX))
    assert jason == JASON
    assert {key: value for key, value in default.items() if key != "route"} == THEIRS
    assert {"name": "v2", "labels": {"version": "v2"}} in policy["spec"]["subsets"]
    assert "annotations" not in virtual["metadata"]


@pytest.mark.parametrize(("strategy", "story"), [(WEIGHTED, healthy), (HEADER, healthy), (HEADER, harmful)])
def test_dying_at_any_boundary_of_the_real_writes_comes_to_the_same_end(olga, settings, strategy, story):
    settings.ROUTING_SETTLE_SECONDS = 0
    asked = spec(strategy, steps=STEPS)
    match = strategy is HEADER
    allowed = {Rule(0), Rule(100), Rule(25, match=match), Rule(100, match=match)}
    # The very first leader writes a row more.
    play(olga, asked, story)
    calm = play(olga, asked, story)
    assert calm.fresh.status == ("promoted" if story is healthy else "rolled_back")
    assert calm.boundaries.passed > 30
    for dies_at in range(1, calm.boundaries.passed + 1):
        played = play(olga, asked, story, dies_at)
        assert played.deaths == 1
        assert end_of(played) == end_of(calm), dies_at
        assert set(played.cluster.stood) <= allowed, dies_at
        assert_theirs_is_untouched(played)
