"""Which of Istio's and the Gateway API's kinds a cluster serves, and in which version."""

from dataclasses import dataclass
from typing import Final

from cluster import kinds
from cluster.errors import ClusterError
from cluster.kinds import Kind
from cluster.port import Cluster

ASKED: Final = (*kinds.ISTIO, *kinds.GATEWAY_KINDS)


@dataclass(frozen=True, slots=True)
class Serving:
    """What an API server says of itself.

    `version` is its own, empty when it did not say. `kinds` has each kind that was asked for, in order, with
    the version that the console speaks to it in, or None where the cluster has none of them. `problem`: why
    an answer is missing, in a plain sentence; then kinds are missing, too.
    """

    version: str
    kinds: tuple[tuple[Kind, str | None], ...]
    problem: str = ""


def served(cluster: Cluster) -> Serving:
    """What a cluster serves. Never raises: after one silence nothing more is asked."""
    version = ""
    found: list[tuple[Kind, str | None]] = []
    try:
        version = cluster.server_version()
        # Not at once: what was told before a silence is kept.
        for kind in ASKED:
            found.append((kind, cluster.served_version(kind)))  # noqa: PERF401
    except ClusterError as error:
        return Serving(version, tuple(found), f"Which kinds the cluster serves is not known: {error.message}")
    return Serving(version, tuple(found))
