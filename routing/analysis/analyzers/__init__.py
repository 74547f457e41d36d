"""The checks, one module a topic. Pure.

A check is a function of the world and one object: it yields findings about that object, and reads everything
else through the `Look` that it is given. What it asks is recorded, so it must not keep anything between
calls.
"""

from typing import Final

from routing.analysis.analyzers import matches, mesh_hosts, virtual_services
from routing.analysis.findings import Analyzer

ALL: Final[tuple[Analyzer, ...]] = (
    *matches.ANALYZERS,
    *mesh_hosts.ANALYZERS,
    *virtual_services.ANALYZERS,
)
"""Every check."""

LIVE: Final = tuple(analyzer for analyzer in ALL if analyzer.live)
"""Those that are of use on a cluster."""
