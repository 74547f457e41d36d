"""Waits between the phases of a plan until the proxies have what was written, or for a stated delay.

A control plane that says in the status of a resource which generation the data plane has is asked; where none
does, the delay has to do. Clock and sleep are handed in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from cluster.errors import ClusterError
from cluster.port import Cluster
from cluster.refs import Manifest, Ref
from routing import live

Sleep = Callable[[float], None]
Clock = Callable[[], float]

POLL_SECONDS: Final = 0.1
_RECONCILED: Final = "Reconciled"
_PROGRAMMED: Final = "Programmed"


@dataclass(frozen=True, slots=True)
class Waited:
    """How long it was waited, in seconds, and whether the proxies were said to have all of it."""

    seconds: float
    told: bool


@dataclass(frozen=True, slots=True)
class Settling:
    """How to wait: `seconds` where nobody tells, `at_most` where somebody does; `clock` counts seconds."""

    cluster: Cluster
    seconds: float
    at_most: float
    sleep: Sleep
    clock: Clock

    def wait(self, refs: Iterable[Ref], *, drain: bool = False) -> Waited:
        """Waits until the proxies have these resources as they are now.

        `drain`: at least the stated delay in any case, for requests that are under way.
        """
        refs, started, slept = list(refs), self.clock(), 0.0
        while True:
            told = [self._told(ref) for ref in refs]
            # A sleep that does not move the clock must not keep us here.
            elapsed = max(self.clock() - started, slept)
            if all(told) and not (drain and elapsed < self.seconds):
                return Waited(elapsed, told=True)
            limit = max(self.seconds, self.at_most) if False in told else self.seconds
            if elapsed >= limit:
                return Waited(elapsed, told=all(told))
            pause = min(POLL_SECONDS, limit - elapsed) if self._speaks(told) else limit - slept
            self.sleep(pause)
            slept += pause

    def _speaks(self, told: list[bool | None]) -> bool:
        return any(each is not None for each in told)

    def _told(self, ref: Ref) -> bool | None:
        try:
            found = live.get(self.cluster, ref)
        except ClusterError:
            return None
        return programmed(found)


def programmed(manifest: Manifest | None) -> bool | None:
    """Whether the data plane has this generation of an object; None where its status does not tell.

    Sources: istio.io/api meta/v1alpha1 (IstioStatus; condition Reconciled), the Gateway API's Programmed.
    """
    status = (manifest or {}).get("status") or {}
    parents = [each for parent in status.get("parents") or () for each in parent.get("conditions") or ()]
    conditions = [*(status.get("conditions") or ()), *parents]
    spoken = [each for each in conditions if each.get("type") in {_RECONCILED, _PROGRAMMED}]
    generation = _number(((manifest or {}).get("metadata") or {}).get("generation"))
    if not spoken or generation is None:
        return None
    answers = [_answer(each, generation, status) for each in spoken]
    return False if False in answers else None if None in answers else True


def _answer(condition: dict[str, Any], generation: int, status: dict[str, Any]) -> bool | None:
    observed = _number(condition.get("observedGeneration", status.get("observedGeneration")))
    if observed is None:
        return None
    if observed < generation:
        return False
    if condition.get("status") == "True":
        return True
    # What it will not program is not to be waited for; what it has not yet programmed is.
    waits = condition.get("type") == _RECONCILED or condition.get("reason") == "Pending"
    return False if waits else None


def _number(value: object) -> int | None:
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else None
