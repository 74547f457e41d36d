"""What a code of a finding is. Pure."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Level: TypeAlias = Literal["Error", "Warning", "Info"]


@dataclass(frozen=True, slots=True)
class Message:
    """One code: what brings it about, and what to do about it."""

    code: str
    name: str
    level: Level
    cause: str
    cure: str
