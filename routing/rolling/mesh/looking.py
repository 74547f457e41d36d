"""Looks at the traffic of a rollout: what its judge counts, what its guards by query say, and whether the
canary gets the share that was written.

Counts come from memory (telemetry.watching): a look asks the source of metrics nothing, but for guards by
query.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cluster.connection import UnknownClusterError
from routing.rolling.mesh import sharing
from routing.rolling.mesh.figures import Figures
from routing.rolling.mesh.steering import Steered, Steerings
from routing.rolling.ports import Driven, Sample
from routing.rollouts.inputs import Now, Observed, World
from routing.rollouts.judge import Look
from routing.rollouts.spec import Errors, Latency, Spec
from routing.rollouts.states import Rule
from routing.verification import moments
from routing.verifying import Counted
from telemetry import live
from telemetry.watching import Looked, Seen, Shared

APART_SECONDS: Final = 120.0
"""A write cannot be further from the newest reading than this, unless a clock was set in between."""
_MOST_KEPT: Final = 2000
_AWAY: Final = "There is no current measurement of the traffic."


class Steering(Protocol):
    """Tells what steers a service of a cluster; None where that is not known."""

    def of(self, cluster: str, namespace: str, service: str) -> Steered | None:
        """By cluster, namespace and name."""


@dataclass(slots=True)
class _Kept:
    """What is remembered of a write between looks: from when its share counts, in the time of the source; and
    the last known requests per second.
    """

    base: float
    per_second: float = 0.0


class Watcher:
    """See `ports.Watcher`. `traffic`: what is observed of a cluster, for the console's own account."""

    def __init__(
        self,
        traffic: Callable[[str], live.Traffic] | None = None,
        steering: Steering | None = None,
        figures: Figures | None = None,
    ) -> None:
        self._traffic = traffic or _everything
        self._steering = steering or Steerings()
        self._figures = figures or Figures()
        self._kept: dict[tuple[int, int], _Kept] = {}

    def look(self, driven: Driven, world: World, now: Now, epoch: int) -> tuple[Observed, Sample]:
        """Everything since the cursor of the rollout, and up to the newest reading."""
        spec, state, cluster = driven.spec, driven.state, driven.row.cluster
        traffic = self._of(cluster)
        seen = (
            traffic.looked(spec.namespace, spec.service, state.cursor, objective_of(spec))
            if traffic
            else None
        )
        source = seen is not None and traffic is not None and traffic.is_watching()
        if seen is None or not source:
            # What was counted before the source went away is counted when it is back.
            seen = Looked(state.cursor, 0.0, {}, seen.edge_ms if seen else None)
        steered = self._steering.of(cluster, spec.namespace, spec.service)
        counted = self._counted(driven, traffic, seen, source=source)
        share, verified = sharing.verified(
            spec, _standing(driven), steered.setting if steered else None, counted
        )
        canary = seen.versions.get(spec.canary, Seen())
        observed = Observed(
            now=now,
            epoch=epoch,
            world=world,
            cursor=seen.cursor,
            source=source,
            looks=looks(spec, seen) if source else {},
            values=self._figures.values(cluster, spec.queried),
            requests=canary.requests,
            injected=steered is not None and steered.injected,
            share=share if state.written else "not_yet_known",
            share_of=state.written,
        )
        more = {"edge_ms": seen.edge_ms, "rollout_step": state.step}
        return observed, _sample(spec, world, seen, counted, {**verified.to_json(), **more})

    def reading(self, cluster: str) -> float | None:
        """See `ports.Watcher`."""
        traffic = self._of(cluster)
        return traffic.newest() if traffic else None

    def _of(self, cluster: str) -> live.Traffic | None:
        try:
            return self._traffic(cluster)
        except UnknownClusterError:
            return None

    def _counted(
        self, driven: Driven, traffic: live.Traffic | None, seen: Looked, *, source: bool
    ) -> sharing.Counts:
        """What was counted for the share of what was written last."""
        if traffic is None or not source:
            return sharing.Counts(None, None, {}, 0.0, 0.0, _AWAY)
        kept = self._keep(driven, seen)
        if seen.rates is not None:
            kept.per_second = sum(seen.rates.values())
        elapsed = max(0.0, seen.cursor - kept.base)
        since, lately = moments(kept.base, elapsed)
        of = driven.spec.namespace, driven.spec.service
        counted = _counts(traffic.shared(*of, since), since)
        late = None if lately is None else _counts(traffic.shared(*of, lately), lately)
        return sharing.Counts(counted, late, seen.rates or {}, kept.per_second, elapsed)

    def _keep(self, driven: Driven, seen: Looked) -> _Kept:
        """From when requests count. A moment that the clock of the source does not fit, because some clock
        was set in between, is now.
        """
        key = driven.row.pk, driven.state.written
        if key not in self._kept:
            landed = driven.row.counted_from
            apart = max(APART_SECONDS, 2.0 * driven.spec.interval_seconds)
            fits = landed is not None and abs(landed - seen.cursor) <= apart
            # The oldest go: their rollouts ended, or wrote again.
            kept = dict([*self._kept.items()][-_MOST_KEPT:])
            kept[key] = _Kept(landed if fits and landed is not None else seen.cursor)
            self._kept = kept
        return self._kept[key]


def looks(spec: Spec, seen: Looked) -> dict[str, Look]:
    """What each guard that counts sees. Without latencies nothing is slow, and nothing is fast either."""
    baseline, canary = (seen.versions.get(name, Seen()) for name in (spec.baseline, spec.canary))
    found: dict[str, Look] = {}
    for name, guard in spec.judged.items():
        if isinstance(guard, Errors):
            found[name] = Look(baseline.requests, baseline.errors, canary.requests, canary.errors)
        elif seen.edge_ms is not None:
            found[name] = Look(baseline.timed, baseline.slow, canary.timed, canary.slow)
    return found


def objective_of(spec: Spec) -> float:
    """What is slow, in milliseconds; 0 where no guard asks."""
    return next((guard.objective_ms for guard in spec.guards if isinstance(guard, Latency)), 0.0)


def _standing(driven: Driven) -> Rule:
    return driven.state.confirmed or driven.state.wanted


def _counts(shared: Shared | None, since: float) -> Counted:
    if shared is None:
        return Counted(since, {})
    return Counted(shared.since, shared.requests, shared.errors, shared.unproxied)


def _sample(
    spec: Spec, world: World, seen: Looked, counted: sharing.Counts, share: dict[str, object]
) -> Sample:
    baseline, canary = (seen.versions.get(name, Seen()) for name in (spec.baseline, spec.canary))
    rates = seen.rates
    weight = world.standing.weight if world.standing else -1
    return Sample(
        configured=weight / 100 if weight >= 0 else None,
        observed=sharing.canary_share(spec, counted.counted.requests) if counted.counted else None,
        baseline_rate=None if rates is None else rates.get(spec.baseline, 0.0),
        canary_rate=None if rates is None else rates.get(spec.canary, 0.0),
        baseline_bad=baseline.errors / baseline.requests if baseline.requests else None,
        canary_bad=canary.errors / canary.requests if canary.requests else None,
        baseline_slow=_slow(spec, seen, baseline),
        canary_slow=_slow(spec, seen, canary),
        share=share,
    )


def _slow(spec: Spec, seen: Looked, version: Seen) -> float | None:
    """The ratio of slow requests; None where nobody asks, or nothing was timed."""
    if not objective_of(spec) or seen.edge_ms is None or not version.timed:
        return None
    return version.slow / version.timed


def _everything(cluster: str) -> live.Traffic:
    return live.of(cluster, None)
