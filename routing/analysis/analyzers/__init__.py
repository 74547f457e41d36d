"""The checks, one module a topic. Pure.

A check is a function of the world and one object: it yields findings about that object, and reads everything
else through the `Look` that it is given. What it asks is recorded, so it must not keep anything between
calls.
"""

from typing import Final

from routing.analysis.analyzers import (
    annotated,
    deprecations,
    destination_rules,
    endpoints,
    envoy_filters,
    fields,
    gateway_fragments,
    gateways,
    hazardous_policies,
    hazardous_routes,
    injection,
    matches,
    mesh_hosts,
    policies,
    rules,
    selected,
    service_entries,
    virtual_services,
    waypoints,
    webhooks,
    workloads,
)
from routing.analysis.findings import Analyzer

ALL: Final[tuple[Analyzer, ...]] = (
    *annotated.ANALYZERS,
    *deprecations.ANALYZERS,
    *destination_rules.ANALYZERS,
    *endpoints.ANALYZERS,
    *envoy_filters.ANALYZERS,
    *fields.ANALYZERS,
    *gateway_fragments.ANALYZERS,
    *gateways.ANALYZERS,
    *hazardous_policies.ANALYZERS,
    *hazardous_routes.ANALYZERS,
    *injection.ANALYZERS,
    *matches.ANALYZERS,
    *mesh_hosts.ANALYZERS,
    *policies.ANALYZERS,
    *rules.ANALYZERS,
    *selected.ANALYZERS,
    *service_entries.ANALYZERS,
    *virtual_services.ANALYZERS,
    *waypoints.ANALYZERS,
    *webhooks.ANALYZERS,
    *workloads.ANALYZERS,
)
"""Every check."""

LIVE: Final = tuple(analyzer for analyzer in ALL if analyzer.live)
"""Those that are of use on a cluster."""
