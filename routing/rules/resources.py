"""Resources of Istio's that are a rule each: what the rule can say of one, and nothing else, is the rule's.
Pure.

One dataclass says what can be said (`spec`); the rule names the resource. `delete_object` takes them away.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from cluster.kinds import Kind
from cluster.refs import Ref
from routing.rules.fields import Part, shape
from routing.rules.reader import Reader
from routing.rules.shape import Check
from routing.rules.word import Word


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource of one kind, by name, and what its rule says of it."""

    namespace: str
    name: str
    spec: Any

    of: ClassVar[Kind]
    says: ClassVar[type[Any]]

    @property
    def service(self) -> str:
        """It is about no service in particular."""
        return ""

    @property
    def ref(self) -> Ref:
        """Which resource it is."""
        return Ref(self.of, self.namespace, self.name)


R = TypeVar("R", bound=Resource)


def word(kind: str, cls: type[R], check: Check, *reads: Kind) -> Word[R]:
    """The kind of rule that is a resource; `reads` are further kinds that its plan looks at."""
    said = shape(cls.says, check)

    def read(reader: Reader, value: Mapping[str, object], field: str) -> R:
        namespace = reader.name(value.get("namespace"), f"{field}.namespace", "a namespace")
        name = reader.object_name(value.get("name"), f"{field}.name", str(cls.of))
        rest = {key: item for key, item in value.items() if key not in ("kind", "namespace", "name")}
        return cls(namespace, name, said.read(reader, rest, field))

    def write(rule: Resource) -> dict[str, Any]:
        return {"namespace": rule.namespace, "name": rule.name, **said.write(rule.spec)}

    return Word(kind, cls, read, write, _sets, (cls.of, *reads))


def _sets(rule: Resource) -> str:
    return f"{rule.ref} ({rule.of.group})"


def require(reader: Reader, part: Part, field: str, **what: str) -> None:
    """An error for each of these fields that is not given; by name, what is missing in words."""
    for name, missing in what.items():
        if getattr(part, name) is None:
            reader.error(f"{field}.{name}", f"{missing} missing.")


def unique(reader: Reader, items: Mapping[str, object], message: Callable[[object], str]) -> None:
    """An error at each path whose value stands at one before it as well."""
    seen: set[object] = set()
    for path, value in items.items():
        if value in seen:
            reader.error(path, message(value))
        seen.add(value)
