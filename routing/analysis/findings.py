"""What an analysis says, and what an analyzer is. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypeAlias

from routing.analysis import messages
from routing.analysis.codes import Level
from routing.analysis.objects import GroupKind, Key, Obj, path_text
from routing.analysis.world import Look
from routing.yaml_files import Path


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know about one object.

    `at`: the way to the field. `about`: the other objects that the message tells of; who may not read them
    may not read the message.
    """

    code: str
    level: Level
    message: str
    subject: Key
    at: Path = ()
    about: tuple[Key, ...] = ()

    @property
    def resource(self) -> str:
        """`VirtualService default/reviews`."""
        return str(self.subject)

    @property
    def path(self) -> str:
        """The field: `spec.http[0].route[0].destination.host`."""
        return path_text(self.at)

    def to_json(self) -> dict[str, Any]:
        """The finding for a program."""
        return {
            "code": self.code,
            "level": self.level,
            "resource": self.resource,
            "message": self.message,
            "path": self.path,
        }


Check: TypeAlias = Callable[[Look, Obj], Iterator[Finding]]
"""What is wrong with one object, given the world around it."""


@dataclass(frozen=True, slots=True)
class Analyzer:
    """One check: `topic` is istioctl's name for it (or ours), `subjects` the kinds that it is called for.

    `live`: whether it is of use on a cluster, where machines wrote much of what it looks at.
    """

    topic: str
    codes: frozenset[str]
    subjects: tuple[GroupKind, ...]
    check: Check
    live: bool = True


def analyzer(
    topic: str, codes: str, subjects: tuple[GroupKind, ...], check: Check, *, live: bool = True
) -> Analyzer:
    """An analyzer; `codes` are separated by spaces."""
    return Analyzer(topic, frozenset(codes.split()), subjects, check, live)


FEW: Final = 10


def few(objs: Iterable[Obj]) -> list[Obj]:
    """The first objects: no more are looked for, so that a thousand rivals are not a million words."""
    return list(islice(objs, FEW + 1))


def named(objs: Sequence[Obj]) -> str:
    """A few objects by name."""
    return ", ".join(str(obj.key) for obj in objs[:FEW]) + (" and more" if len(objs) > FEW else "")


def finding(code: str, obj: Obj, at: Path, message: str, *about: Obj) -> Finding:
    """A finding about an object, at the level of its code; `about`: the other objects that it tells of."""
    others = tuple(dict.fromkeys(other.key for other in about if other is not obj))
    return Finding(code, messages.level(code), message, obj.key, at, others)
