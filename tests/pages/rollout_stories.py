"""Rollouts as they come about: the pure machine is driven through a seeded traffic, and what a leader would
keep of it is written to the database.
"""

import random
from copy import deepcopy
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from routing.models import Rollout, RolloutEvent
from routing.rolling.leader import logbook
from routing.rolling.ports import Done, Sample
from routing.rollouts import course, states
from routing.rollouts.inputs import Command, Write
from routing.rollouts.judge import Look
from routing.rollouts.spec import Errors, Latency, Promql, Spec, Step, to_json
from routing.rollouts.states import State
from tests.routing.rollouts.driving import SECONDS, Leader, Mesh

STEPS = (Step(5, 60), Step(25, 60), Step(50, 120), Step(100, 60))
NEEDS = "Service./bookinfo VirtualService.networking.istio.io/bookinfo"


def spec(steps=STEPS, **more) -> Spec:
    """A rollout of reviews in the Bookinfo of tests.pages.world."""
    asked = {"namespace": "bookinfo", "service": "reviews", "baseline": "v1", "canary": "v3", **more}
    return Spec(steps=steps, **asked)


class Noisy(Mesh):
    """A mesh whose requests fail by chance."""

    chance: random.Random
    slowly: Look | None = None

    def passes(self, seconds=SECONDS):
        before = self.counters[self.time]
        super().passes(seconds)
        after = self.counters[self.time]
        baseline, canary = after[0] - before[0], after[2] - before[2]
        whole = round(baseline + canary)
        baseline = min(whole, max(0, round(baseline + self.chance.gauss(0, 3)))) if baseline else 0
        canary = whole - baseline
        bad = self._failed(baseline, self.bad)
        canary_bad = self._failed(canary, self.canary_bad)
        grown = zip(before, (baseline, bad, canary, canary_bad), strict=True)
        self.counters[self.time] = tuple(was + more for was, more in grown)

    def observed(self, state, process):
        seen = super().observed(state, process)
        look = seen.looks.get("latency")
        if look is None:
            return seen
        slow = Look(
            look.baseline,
            self._failed(int(look.baseline), 0.02),
            look.canary,
            self._failed(int(look.canary), 0.03),
        )
        self.slowly = slow
        return replace(seen, looks={**seen.looks, "latency": slow})

    def _failed(self, requests, ratio):
        return sum(self.chance.random() < ratio for _ in range(requests))


@dataclass
class Story:
    """A rollout and what is kept of it. `began`: when, in seconds since the epoch."""

    spec: Spec
    began: float
    seed: int = 1
    rate: float = 40.0
    log: list[dict] = field(default_factory=list)
    points: list[dict] = field(default_factory=list)
    share: str = "as_intended"

    def __post_init__(self):
        self.mesh = Noisy(self.spec, rate=self.rate, shift=self.began - 1000.0, bad=0.004, canary_bad=0.004)
        self.mesh.chance = random.Random(self.seed)
        self.leader = Kept(self)

    @property
    def state(self) -> State:
        return self.mesh.database.state

    @property
    def now(self) -> float:
        return self.mesh.time + self.mesh.shift

    def goes(self, looks=60, until=lambda _: False) -> "Story":
        """Look after look, until it ends, stands still for a person, or fits."""
        for _ in range(looks):
            self.mesh.share = self.share if self.share != "late" else self._late()
            self.leader.looks()
            self._point()
            if self.state.ended or self.state.status == "paused" or until(self.state):
                break
            self.mesh.passes()
        return self

    def does(self, name, by="ada", **more) -> "Story":
        """A command of a person, as the leader hears it."""
        words = name.replace("_", " ").capitalize() + (f" to {more['weight']} %" if more else "") + "."
        self.logs(logbook.Entry("command", name, words, by))
        self.leader.hears(Command(name, self.mesh.now("process 1"), 1, by=by, **more))
        return self

    def rests(self, looks: int) -> "Story":
        """Nobody commands anything; the traffic goes on."""
        for _ in range(looks):
            self.mesh.passes()
            self.leader.looks()
            self._point()
        return self

    def _late(self):
        """As it is for the first look after a write: too few requests for a verdict."""
        fresh = self.state.clock.requests == 0 or self.state.step < 0
        return "not_yet_known" if fresh else "as_intended"

    def logs(self, entry: logbook.Entry) -> None:
        """A line of the log, as of now."""
        found = {**asdict(entry), "at": self.now, "data": deepcopy(dict(entry.data))}
        del found["change"]
        self.log.append(found)

    def _point(self):
        mesh, state = self.mesh, self.state
        before = mesh.counters.get(mesh.time - SECONDS)
        b, b_bad, c, c_bad = (
            (now - then for now, then in zip(mesh.counters[mesh.time], before, strict=True))
            if before
            else (0, 0, 0, 0)
        )
        weight, slow = state.wanted.weight, mesh.slowly
        self.points.append(
            {
                "baseline_slow": slow.baseline_bad / slow.baseline if slow and slow.baseline else None,
                "canary_slow": slow.canary_bad / slow.canary if slow and slow.canary else None,
                "at": self.now,
                "intended": weight,
                "configured": max(0, mesh.cluster.rule.weight) / 100,
                "observed": c / (b + c) if b + c else None,
                "baseline_rate": b / SECONDS if before else None,
                "canary_rate": c / SECONDS if before else None,
                "baseline_bad": b_bad / b if b else None,
                "canary_bad": c_bad / c if c else None,
            }
        )

    def keeps(self, user, **more) -> Rollout:
        """Its rows, as `routing.rolling` writes them."""
        state = self.state
        row = Rollout.objects.create(
            cluster="default",
            namespace=self.spec.namespace,
            service=self.spec.service,
            baseline=self.spec.baseline,
            canary=self.spec.canary,
            spec=to_json(self.spec),
            state=states.to_json(state),
            status=state.status,
            step=state.step,
            weight=state.wanted.weight,
            why=None if state.why is None else {"code": state.why.code, "words": state.why.words},
            configured_share=self.points[-1]["configured"],
            observed_share=self.points[-1]["observed"],
            share=self.verification(),
            course=self.course(),
            version=len(self.points) + 1,
            occupies=None if state.ended else f"default/{self.spec.namespace}/{self.spec.service}",
            created_at=_moment(self.began),
            created_by=user,
            started_at=_moment(self.began),
            finished_at=_moment(self.now) if state.ended else None,
            **{"needs": NEEDS, "note": "Release 3.4 of reviews", **more},
        )
        RolloutEvent.objects.bulk_create(
            RolloutEvent(rollout=row, **{**each, "at": _moment(each["at"])}) for each in self.log
        )
        return row

    def course(self) -> dict:
        """What `routing.rollouts.course` makes of the looks."""
        found: dict = {}
        for each in self.points:
            seen = {name: value for name, value in each.items() if name not in ("at", "intended")}
            found = course.added(found, each["at"], each["intended"], Sample(**seen))
        return found

    def verification(self) -> dict:
        """What `routing.verification` says of one service."""
        weight = self.state.wanted.weight
        differs = self.share == "differs"
        last = self.points[-1]["observed"] or 0.0
        seen = 50.0 if differs else 100 * last
        versions = [
            (self.spec.baseline, 100 - weight, 100 - seen),
            (self.spec.canary, weight, seen),
        ]
        return {
            "service": f"{self.spec.namespace}/{self.spec.service}",
            "verdict": self.share if self.share != "late" else "not_yet_known",
            "sentence": "Traffic does not follow the weights." if differs else "Traffic follows the weights.",
            "versions": [
                {
                    "version": name, "intended": intended, "configured": intended,
                    "observed": round(part, 1), "share": round(part, 1), "requests": round(12 * part),
                }
                for name, intended, part in versions
            ],
            "e_value": 4e5 if differs else 0.02,
            "alpha": 0.001,
            "diagnosis": [
                {"code": "GATEWAY_ONLY", "message": "The rule binds the gateway only: callers ignore it."}
            ] if differs else [],
            "seconds_until_enough": None,
        }  # fmt: skip


class Kept(Leader):
    """A leader whose every deed goes into the log of its story."""

    def __init__(self, story: Story) -> None:
        super().__init__(story.mesh, 1)
        self.story = story

    def does(self, outcome, version, command=0):
        state, actions = outcome
        for entry in logbook.decided(actions, state, 0):
            self.story.logs(entry)
        super().does(outcome, version, command)

    def writes(self, action: Write, version: int) -> None:
        self.story.logs(logbook.wrote(action, Done("done")))
        super().writes(action, version)


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def running(now: float) -> Story:
    """In its second step, with errors and latency judged and a figure by a query."""
    guards = (Errors(), Latency(200), Promql("saturation", 'max(cpu{app="reviews"})', most=0.8))
    story = Story(spec(guards=guards), now - 150, share="late")
    story.mesh.values = {"saturation": 0.41}
    return _now(story.goes(looks=16), now)


def paused(now: float) -> Story:
    """At the end of a step that a person lets end."""
    story = Story(spec((Step(5, 60), Step(25, 60), Step(50, 120, pause=True), Step(100, 60))), now - 300)
    return _now(story.goes(), now)


def held(now: float) -> Story:
    """With too little traffic for a verdict."""
    story = Story(spec((Step(10, 60), Step(50, 60)), guards=(Errors(0.1, 0.001),)), now - 300, rate=4.0)
    return _now(story.goes(looks=30), now)


def rolled_back(now: float) -> Story:
    """Because of harm: the canary began to fail in the third step."""
    story = Story(spec(), now - 400)
    story.goes(until=lambda state: state.step == 2)
    story.mesh.passes()
    story.mesh.canary_bad = 0.05
    return _now(story.goes(), now)


def promoted(now: float) -> Story:
    """By itself."""
    story = Story(spec(), now - 400, rate=200.0)
    story.mesh.bad = story.mesh.canary_bad = 0.002
    return _now(story.goes(looks=90), now)


def _now(story: Story, now: float) -> Story:
    """The same story, so that its last look was now."""
    late = now - story.now
    story.mesh.shift += late
    story.began += late
    for each in (*story.log, *story.points):
        each["at"] += late
    for each in story.log:
        if "at" in each["data"]:
            _shift(each["data"], late)
    state = story.state
    trails = {
        name: replace(trail, points=tuple(replace(point, at=point.at + late) for point in trail.points))
        for name, trail in state.trails.items()
    }
    story.mesh.database.save(replace(state, trails=trails), ())
    return story


def _shift(card: dict, late: float) -> None:
    card["at"] += late
    for figure in card["figures"]:
        figure["over_time"] = [{**point, "at": point["at"] + late} for point in figure.get("over_time", ())]


STORIES = {
    "running": running, "paused": paused, "held": held, "rolled_back": rolled_back, "promoted": promoted
}  # fmt: skip
