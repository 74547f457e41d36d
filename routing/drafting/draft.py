"""The resources of a plan while it is being made, and the problems found on the way. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from cluster import inventory, kinds
from cluster.kinds import Kind
from cluster.refs import Manifest, Ref
from routing import istio
from routing.drafting.index import ByHost
from routing.problems import Need, Problem, warning

Saved: TypeAlias = tuple[dict[Ref, Manifest], set[Ref], dict[Ref, list[str]]]


class Draft:
    """The resources as the rules so far want them: each rule changes what the rules before it left.

    `sources`: whose text went into them, though they may not be written: a policy that is copied, a subset
    that a route names.
    """

    def __init__(self, resources: Iterable[Manifest], services: Sequence[inventory.Service] = ()) -> None:
        """`services`: those of the namespaces that the rules are about."""
        self.services = services
        self.problems: list[Problem] = []
        self.sources: set[Need] = set()
        self._resources: dict[Ref, Manifest] = {Ref.named(item): item for item in resources}
        self._removed: set[Ref] = set()
        self._why: dict[Ref, list[str]] = {}
        self._original = dict(self._resources)
        self._index = ByHost(self._resources)

    def changed(self) -> dict[Ref, Manifest | None]:
        """Every resource that was put or removed; None for one that is to go."""
        return {ref: self._resources.get(ref) for ref in self._why}

    def of(self, kind: Kind) -> list[Manifest]:
        """The resources of a kind."""
        return [item for ref, item in self._resources.items() if ref.kind is kind or ref.kind == kind]

    def about(self, kind: Kind, host: str) -> list[Manifest]:
        """The VirtualServices or DestinationRules that may be about a host, given in full."""
        found = (self._resources.get(ref) for ref in self.refs_about(kind, host))
        return [item for item in found if item is not None]

    def refs(self, kind: Kind) -> list[Ref]:
        """Every resource of a kind, as they were and as they are to be."""
        return [ref for ref in dict.fromkeys((*self._original, *self._resources)) if ref.kind == kind]

    def refs_about(self, kind: Kind, host: str) -> Iterator[Ref]:
        """As `about`, of the resources as they were and as they are to be."""
        return self._index.about(kind, host)

    def original(self, ref: Ref) -> Manifest | None:
        """One resource as it was before any rule."""
        return self._original.get(ref)

    def get(self, ref: Ref) -> Manifest | None:
        """One resource, or None where there is none (any more)."""
        return self._resources.get(ref)

    def names(self, kind: Kind, namespace: str) -> set[str]:
        """The names that are taken in a namespace."""
        return {ref.name for ref in self._resources if (ref.kind, ref.namespace) == (kind, namespace)}

    def why(self, ref: Ref) -> str:
        """Why a resource changes, in one or more sentences."""
        return " ".join(self._why.get(ref, []))

    def put(self, manifest: Manifest, why: str) -> None:
        """A resource in its next form, and why."""
        ref = Ref.of(manifest)
        self._resources[ref] = manifest
        self._index.add(ref, manifest)
        self._removed.discard(ref)
        self._why.setdefault(ref, []).append(why)

    def remove(self, ref: Ref, why: str) -> None:
        """A resource that is to go, and why."""
        if self._resources.pop(ref, None) is not None:
            self._removed.add(ref)
            self._why.setdefault(ref, []).append(why)

    def save(self) -> Saved:
        """What the draft says of the resources at this moment."""
        return dict(self._resources), set(self._removed), {ref: [*lines] for ref, lines in self._why.items()}

    def restore(self, saved: Saved) -> None:
        """Goes back to what was saved; the problems found since stay."""
        self._resources, self._removed, self._why = saved

    def warn(self, code: str, message: str, field: str, *named: Manifest) -> None:
        """A warning about an object, the first of those that its message names."""
        self.problems.append(warning(code, message, field, istio.name_of(named[0]), needs(named)))

    def notices(self, notices: Iterable[istio.Notice], manifest: Manifest, field: str) -> None:
        """What a change of a manifest had to tell."""
        for notice in notices:
            self.warn(notice.code, notice.message, field, manifest)


def needs(named: Iterable[Manifest]) -> list[Need]:
    """What must be readable to be told of these objects."""
    found = {(kinds.of(item), istio.namespace_of(item)) for item in named}
    return sorted(found, key=lambda need: (need[0].kind, need[1]))
