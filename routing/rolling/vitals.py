"""How the engine of this process is: written by it, read by who wants to know. One reading is one object."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Vitals:
    """`leads`: whether this process drives the rollouts. `tick_seconds`: what its last round took; None
    before the first.
    """

    leads: bool = False
    tick_seconds: float | None = None


now = Vitals()


def note(vitals: Vitals) -> None:
    """What holds from now on."""
    global now  # noqa: PLW0603
    now = vitals
