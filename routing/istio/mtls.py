"""Which TLS the pods of a service accept, by the PeerAuthentications about them. Pure.

Source: https://istio.io/latest/docs/reference/config/security/peer_authentication/: the one that selects the
pods, else the namespace's, else the root namespace's; UNSET asks the next.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from cluster.refs import Manifest
from routing.istio.hosts import ROOT_NAMESPACE, namespace_of

PERMISSIVE: Final = "PERMISSIVE"
UNSET: Final = "UNSET"


def accepted(
    peer_authentications: Iterable[Manifest], namespace: str, labels: Mapping[str, str]
) -> tuple[str, Manifest | None]:
    """The mode (STRICT, PERMISSIVE, DISABLE) for pods with these labels, and who says so; None by default."""
    for manifest in _in_order(list(peer_authentications), namespace, labels):
        mode = mode_of(manifest)
        if mode != UNSET:
            return mode, manifest
    return PERMISSIVE, None


def mode_of(peer_authentication: Manifest) -> str:
    """The mode for all ports."""
    return str((_spec(peer_authentication).get("mtls") or {}).get("mode") or UNSET)


def has_port_modes(peer_authentication: Manifest) -> bool:
    """Whether some ports have a mode of their own."""
    return bool(_spec(peer_authentication).get("portLevelMtls"))


def _in_order(found: list[Manifest], namespace: str, labels: Mapping[str, str]) -> Iterator[Manifest]:
    found.sort(
        key=lambda item: (str(item["metadata"].get("creationTimestamp", "")), item["metadata"]["name"])
    )
    here = [item for item in found if namespace_of(item) == namespace]
    yield from (item for item in here if _selector(item) and _selector(item).items() <= labels.items())
    yield from (item for item in here if not _selector(item))
    yield from (item for item in found if namespace_of(item) == ROOT_NAMESPACE and not _selector(item))


def _selector(manifest: Manifest) -> dict[str, str]:
    return (_spec(manifest).get("selector") or {}).get("matchLabels") or {}


def _spec(manifest: Manifest) -> dict[str, Any]:
    return manifest.get("spec") or {}
