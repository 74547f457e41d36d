"""Finds the resources about one host without looking at all of them. Pure."""

from collections.abc import Iterator, Mapping

from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE, Kind
from cluster.refs import Manifest, Ref
from routing import istio


class ByHost:
    """VirtualServices by the hosts that they claim or send requests to, DestinationRules by theirs."""

    def __init__(self, resources: Mapping[Ref, Manifest]) -> None:
        self._exact: dict[str, dict[str, dict[Ref, None]]] = {
            VIRTUAL_SERVICE.kind: {},
            DESTINATION_RULE.kind: {},
        }
        self._wild: dict[str, dict[str, dict[Ref, None]]] = {
            VIRTUAL_SERVICE.kind: {},
            DESTINATION_RULE.kind: {},
        }
        for ref, manifest in resources.items():
            self.add(ref, manifest)

    def add(self, ref: Ref, manifest: Manifest) -> None:
        """One more form of a resource; what it was about before is still found, and does not hurt."""
        for host in _hosts(ref.kind, manifest):
            found = self._wild if host[:1] == "*" else self._exact
            found[ref.kind.kind].setdefault(host, {})[ref] = None

    def about(self, kind: Kind, host: str) -> Iterator[Ref]:
        """Every resource of a kind that is or was about a host, by name or by a wildcard; each once."""
        found = dict(self._exact.get(kind.kind, {}).get(host, {}))
        for pattern, refs in self._wild.get(kind.kind, {}).items():
            if istio.covers(pattern, host):
                found |= refs
        return iter(found)


def _hosts(kind: Kind, manifest: Manifest) -> set[str]:
    if kind == VIRTUAL_SERVICE:
        return {*istio.hosts_of(manifest), *istio.hosts_reached(manifest)}
    return {istio.host_of(manifest)} if kind == DESTINATION_RULE else set()
