"""Reads and writes rules on Istio's own manifests, touching nothing that meshui does not own. Pure.

    hosts      which VirtualService and DestinationRule are about a service
    subsets    versions and the subsets that select them
    splits     weights on the default route
    faults     delays and aborts, and how meshui knows its own again
    http       routes with matches, actions and policies

Every function that changes a manifest returns a changed copy. What cannot be done raises `CannotApply`.
"""

from routing.istio.errors import CannotApply, Notice
from routing.istio.faults import ObservedFault, clear_fault, observed_faults, read_fault, set_fault
from routing.istio.hosts import (
    DestinationRules,
    VirtualServices,
    destination_rules_of,
    destinations,
    fqdn,
    host_of,
    hosts_of,
    name_of,
    namespace_of,
    service_host,
    uses_subset,
    virtual_services_of,
)
from routing.istio.http.fields import Home
from routing.istio.http.routes import HttpRoute, read_routes, remove_route, set_policy, set_route
from routing.istio.splits import new_virtual_service, read_split, read_weights, set_split
from routing.istio.subsets import Subsets, ensure_subsets, read_subsets, subsets_of

__all__ = [
    "CannotApply",
    "DestinationRules",
    "Home",
    "HttpRoute",
    "Notice",
    "ObservedFault",
    "Subsets",
    "VirtualServices",
    "clear_fault",
    "destination_rules_of",
    "destinations",
    "ensure_subsets",
    "fqdn",
    "host_of",
    "hosts_of",
    "name_of",
    "namespace_of",
    "new_virtual_service",
    "observed_faults",
    "read_fault",
    "read_routes",
    "read_split",
    "read_subsets",
    "read_weights",
    "remove_route",
    "service_host",
    "set_fault",
    "set_policy",
    "set_route",
    "set_split",
    "subsets_of",
    "uses_subset",
    "virtual_services_of",
]
