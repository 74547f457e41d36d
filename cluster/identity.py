"""Who acts in a cluster: a user name and groups, as Kubernetes' RBAC knows them. Pure."""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cluster.kinds import Kind

Verb: TypeAlias = Literal["get", "list", "watch", "create", "update", "delete"]
READ_VERBS: Final = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, slots=True)
class Identity:
    """A user and its groups. Kubernetes adds the group of everybody who is signed in by itself."""

    user: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to the cluster's authorisation: may someone do this?

    An empty `namespace` means all namespaces, an empty `name` every object of the kind. `subresource`: a part
    of the object with rights of its own, such as the `log` of a Pod.
    """

    verb: Verb
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def resource(self) -> str:
        """What it is about, as RBAC writes it: `pods`, `pods/log`."""
        return f"{self.kind.plural}/{self.subresource}" if self.subresource else self.kind.plural

    def __str__(self) -> str:
        what = f"{self.verb} {self.resource}" + (f" {self.name!r}" if self.name else "")
        return what + (f" in {self.namespace}" if self.namespace else " in all namespaces")
