"""What a form cannot say, collected on the way. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """A part of a rule, by its path, and why the other form cannot say it."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path} ({self.reason})"


Losses = list[Loss]
