"""What somebody asks for when they ask for a rollout: typed, and checked field by field. Pure.

Addresses of gates and of those who are told are kept as text here: whether they may be called is not asked.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, TypeAlias

from routing.rollouts.judge import Limits

KINDS: Final = ("weighted", "header", "cookie", "mirror", "blue_green")
STAGES: Final = ("before_start", "before_weight", "before_promotion", "after_end")
FORMATS: Final = ("json", "slack")
ON_HARM: Final = ("rollback", "hold")
ON_NO_VERDICT: Final = ("hold", "hold_each_step")
ON_NO_TRAFFIC: Final = ("hold",)


@dataclass(frozen=True, slots=True)
class Strategy:
    """How requests come to the canary.

    weighted: by the weights of the steps. header, cookie: those with this header or cookie besides, whatever
    the weights. mirror: in steps of weight 0 it gets copies. blue_green: none, then all.
    """

    kind: str = "weighted"
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """`weight`: the canary's part in whole percent. It lasts at least `seconds` of verified share and until
    the canary got `requests`; with `pause` a person lets it end.
    """

    weight: int
    seconds: int
    requests: int = 0
    pause: bool = False


@dataclass(frozen=True, slots=True)
class Errors:
    """The canary's failed requests against the baseline's; `margin` and `tolerated` as in judge.Limits."""

    margin: float = 0.25
    tolerated: float = 0.01


@dataclass(frozen=True, slots=True)
class Latency:
    """The canary's requests slower than `objective_ms` against the baseline's."""

    objective_ms: float
    margin: float = 0.25
    tolerated: float = 0.01


@dataclass(frozen=True, slots=True)
class Promql:
    """A figure by a query, which has to stay within bounds. Out of them at so many looks in a row is harm."""

    name: str
    query: str
    least: float | None = None
    most: float | None = None
    looks: int = 3


Guard: TypeAlias = Errors | Latency | Promql


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told: an address, and in which form."""

    url: str
    format: str = "json"


@dataclass(frozen=True, slots=True)
class Gate:
    """An address that is asked at a stage whether the rollout may go on."""

    stage: str
    url: str


@dataclass(frozen=True, slots=True)
class Spec:
    """A rollout that can be started.

    `alpha`: how likely (0-1) a healthy rollout is ever called harmful. `on_no_verdict`: hold before
    all requests go to the canary, and before the end; hold_each_step: before every step. `interval_seconds`
    is between two looks.
    """

    namespace: str
    service: str
    baseline: str
    canary: str
    steps: tuple[Step, ...]
    strategy: Strategy = Strategy()
    guards: tuple[Guard, ...] = (Errors(),)
    alpha: float = 0.01
    on_harm: str = "rollback"
    on_no_verdict: str = "hold"
    on_no_traffic: str = "hold"
    interval_seconds: int = 10
    notify: tuple[Told, ...] = ()
    gates: tuple[Gate, ...] = ()

    @property
    def judged(self) -> dict[str, Errors | Latency]:
        """The guards that count requests, by name."""
        return {name_of(each): each for each in self.guards if not isinstance(each, Promql)}

    @property
    def queried(self) -> dict[str, Promql]:
        """The guards that a query answers, by name."""
        return {each.name: each for each in self.guards if isinstance(each, Promql)}

    def limits(self, guard: Errors | Latency) -> Limits:
        """When there is a verdict of a guard. The guards share alpha: it holds for the whole rollout."""
        return Limits(alpha=self.alpha / len(self.judged), margin=guard.margin, tolerated=guard.tolerated)

    def asks(self, stage: str) -> bool:
        """Whether anybody is asked at a stage."""
        return any(gate.stage == stage for gate in self.gates)


PRESETS: Final[Mapping[str, tuple[Strategy, tuple[Step, ...]]]] = {
    "careful": (
        Strategy(),
        (Step(1, 300, 100), Step(5, 600, 300), Step(10, 600), Step(25, 600), Step(50, 900, pause=True)),
    ),
    "quick": (Strategy(), (Step(5, 60), Step(25, 60), Step(50, 120), Step(100, 60))),
    "blue-green": (Strategy("blue_green"), (Step(100, 600, 500),)),
}
"""Strategies and steps to begin with, by name."""


def name_of(guard: Guard) -> str:
    """The name by which a guard's figures are told."""
    if isinstance(guard, Promql):
        return guard.name
    return "errors" if isinstance(guard, Errors) else "latency"


def in_words(guard: Guard) -> str:
    """What a guard asks, in words."""
    if isinstance(guard, Errors):
        return "Failed requests of the canary against those of the baseline, look by look"
    if isinstance(guard, Latency):
        return f"Requests of the canary slower than {guard.objective_ms:g} ms against those of the baseline"
    return guard.query


def to_json(spec: Spec) -> dict[str, Any]:
    """The request that `parsing.parse` makes this of."""
    kind = spec.strategy.kind
    by = {"name": spec.strategy.name, "value": spec.strategy.value} if kind in ("header", "cookie") else {}
    return {
        **asdict(spec),
        "strategy": {"kind": kind, **by},
        "steps": [asdict(step) for step in spec.steps],
        "guards": [_guard(guard) for guard in spec.guards],
        "notify": [asdict(told) for told in spec.notify],
        "gates": [asdict(gate) for gate in spec.gates],
    }


def _guard(guard: Guard) -> dict[str, Any]:
    kind = "promql" if isinstance(guard, Promql) else name_of(guard)
    return {"kind": kind, **{key: value for key, value in asdict(guard).items() if value is not None}}
