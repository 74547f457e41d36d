"""What a plan means for the requests to one service, in figures and in a sentence. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from cluster import inventory
from routing.effects import Bounds, Effect
from routing.istio import ObservedFault
from routing.sentences import whom


@dataclass(frozen=True, slots=True)
class Met:
    """An effect with the traffic that it meets: requests per second, the part (0-1) that each version gets of
    them now, and what part of its requests each version fails now.
    """

    effect: Effect
    rate: float
    observed: Mapping[str, float]
    error_ratios: Mapping[str, float]

    @property
    def service(self) -> inventory.Service:
        """The service."""
        return self.effect.service

    @property
    def name(self) -> tuple[str, str]:
        """Its namespace and name."""
        return self.service.namespace, self.service.name

    @property
    def failing(self) -> Bounds:
        """The part of the requests that fails by the plan."""
        return self.effect.failing(self.error_ratios)

    @property
    def delayed(self) -> Bounds:
        """The part of the requests that waits by the plan."""
        return self.effect.delayed()


def sentence(met: Met) -> str:
    """What a plan does to the requests of a service, in words.

    No number of callers: the sentence is kept, and some of them may not be seen by a later reader.
    """
    name = met.service.name
    if met.rate == 0:
        return f"Nobody calls {name} at the moment."
    added, removed = met.effect.faults()
    parts = []
    if met.effect.moves:
        parts.append("all of them follow the new weights")
    parts += [_fault(fault, met.rate) for fault in added]
    if removed and not added:
        parts.append("none of them meets the fault any more")
    if not parts and not met.effect.is_felt:
        parts.append("none of them goes another way by this")
    if not parts:
        parts.append("all of them follow the new routes and policies")
    return f"{met.rate:.3g} requests a second reach {name}; {'; '.join(parts)}."


def followed(name: tuple[str, str], rate: float) -> str:
    """The same of a service of which only its callers are known."""
    if rate == 0:
        return f"Nobody calls {name[1]} at the moment."
    return f"{rate:.3g} requests a second reach {name[1]}; all of them follow the new routes and policies."


def _fault(fault: ObservedFault, rate: float) -> str:
    bound = "at most " if fault.match or fault.where not in ("", "everyone") else "about "
    parts = []
    if fault.delay:
        waiting = 60 * rate * fault.delay.percentage / 100
        parts.append(f"{bound}{waiting:.3g} a minute wait {fault.delay.fixed_delay} longer")
    if fault.abort:
        aborted = 60 * rate * fault.abort.percentage / 100
        parts.append(
            f"{bound}{aborted:.3g} a minute are answered {fault.abort.status or 'an unknown status'}"
        )
    who = whom(fault.match) if fault.match or not fault.where else fault.where
    return f"of {who}, {' and '.join(parts)}"
