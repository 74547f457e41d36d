"""A mesh that a rollout looks at, made up to the reading: the real counting, behind a source that is told."""

from dataclasses import dataclass, field
from types import SimpleNamespace

from routing.rolling.mesh.steering import Steered
from routing.rolling.ports import Driven
from routing.rollouts.inputs import Now, World
from routing.rollouts.states import Rule, State
from routing.verifying import Setting
from telemetry.live import Traffic
from telemetry.runtime import Runtime
from telemetry.samples import RequestCount, Samples, TimeCount
from tests.routing.rollouts.specs import spec
from tests.telemetry.builders import labels
from tests.telemetry.fakes import FakeSource

EDGES = (100.0, 500.0, float("inf"))


def calls(version: str, **more):
    return labels(target=f"reviews-{version}", **more)


def counts(v1=0.0, v3=0.0, *, v1_bad=0.0, v3_bad=0.0) -> tuple[RequestCount, ...]:
    told = ((calls("v1"), "200", v1 - v1_bad), (calls("v1"), "503", v1_bad),
            (calls("v3"), "200", v3 - v3_bad), (calls("v3"), "503", v3_bad))  # fmt: skip
    return tuple(RequestCount(of, code, "", n) for of, code, n in told if n)


def times(version: str, requests: float, slow: float) -> TimeCount:
    """Slow ones take between 500 ms and for ever, the others 100 ms at most."""
    return TimeCount(calls(version), "", EDGES, (requests - slow, requests - slow, requests))


@dataclass
class Mesh:
    """One that is read every second."""

    source: FakeSource = field(default_factory=FakeSource)
    time: float = 5000.0

    def __post_init__(self):
        self.runtime = Runtime(self.source, tick_seconds=1, window_seconds=10)
        self.traffic = Traffic(self.runtime, None)
        self.standing: Steered | None = None

    async def reads(self, *told: RequestCount, times=(), seconds=1.0, answers=True) -> None:
        self.time += seconds
        answer = Samples(self.time, 10.0, counts=told, counted_from=self.time - seconds, times=tuple(times))
        self.source.answers.append(answer if answers else RuntimeError("away"))
        await self.runtime.collector.tick()

    async def steadily(self, seconds: int, **each) -> None:
        for _ in range(seconds):
            await self.reads(*counts(**each))

    def of(self, cluster, namespace, service):
        return self.standing

    def now(self) -> Now:
        return Now(self.time, self.time, "p")


def reviews(*steps, **more):
    from dataclasses import replace

    return replace(spec(*steps, **more), namespace="bookinfo", service="reviews", baseline="v1", canary="v3")


def driven(state: State, asked=None, counted_from=None, pk=1) -> Driven:
    row = SimpleNamespace(pk=pk, cluster="default", counted_from=counted_from)
    return Driven(row, asked or reviews(), state)


def at(weight: int, **more) -> State:
    """A rollout that wrote a weight, and looked since."""
    rule = Rule(weight)
    return State(status="running", step=0, wanted=rule, confirmed=rule, written=1, **more)


def world(weight: int, **more) -> World:
    return World(Rule(weight), "ready", "ready", may=True, **more)


def weighted(weight: int, **more) -> Steered:
    from routing.sample_ratio import Range

    weights = {"v1": 100.0 - weight, "v3": float(weight)}
    ranges = {name: Range(each / 100, each / 100) for name, each in weights.items()}
    return Steered(Setting(weights, ranges), injected=False, **more)
