"""Reads and writes rules on Istio's own manifests, touching nothing that meshui does not own. Pure.

    hosts      which VirtualService and DestinationRule are about a service
    subsets    versions and the subsets that select them
    references which subsets routes name, and whether they are there
    weighing   which subsets get requests, and routing around one
    splits     weights on the default route
    streams    weights on tcp and tls rules
    faults     delays and aborts, and how meshui knows its own again
    http       routes with matches, actions and policies
    policies   what applies to traffic that was routed
    mtls       which TLS pods accept
    references subsets that routes name, and who has them
    resources  Sidecars, ServiceEntries and Gateways
    objects    whole resources

Every function that changes a manifest returns a changed copy. What cannot be done raises `CannotApply`.
"""

from routing.istio.errors import CannotApply, Notice
from routing.istio.faults import ObservedFault, clear_fault, observed_faults, read_fault, set_fault
from routing.istio.hosts import (
    DestinationRules,
    VirtualServices,
    all_destinations,
    binds_mesh,
    covers,
    destination_rules_of,
    destinations,
    fqdn,
    gateways_of,
    host_of,
    hosts_of,
    hosts_reached,
    name_of,
    namespace_of,
    service_host,
    service_of,
    uses_subset,
    virtual_services_of,
    visible,
)
from routing.istio.http.fields import Home
from routing.istio.http.routes import HttpRoute, read_routes, remove_route, set_http_policy, set_route
from routing.istio.mtls import accepted as accepted_tls
from routing.istio.mtls import has_port_modes
from routing.istio.objects import read_object, set_object
from routing.istio.policies import policy_at, read_policy, set_policy
from routing.istio.references import Rules, broken
from routing.istio.resources import read_resource, served_hosts, serves, set_resource
from routing.istio.splits import new_virtual_service, read_split, read_weights, set_split
from routing.istio.streams import (
    new_stream_virtual_service,
    read_stream_split,
    read_stream_weights,
    set_stream_split,
)
from routing.istio.subsets import (
    Subsets,
    add_subset,
    drop_destination,
    drop_subset,
    ensure_subsets,
    named_for_version,
    new_destination_rule,
    read_subset,
    read_subsets,
    subsets_of,
)
from routing.istio.weighing import Subset, labels_of, weighted_subsets, without_weight

__all__ = [
    "CannotApply",
    "DestinationRules",
    "Home",
    "HttpRoute",
    "Notice",
    "ObservedFault",
    "Rules",
    "Subset",
    "Subsets",
    "VirtualServices",
    "accepted_tls",
    "add_subset",
    "all_destinations",
    "binds_mesh",
    "broken",
    "clear_fault",
    "covers",
    "destination_rules_of",
    "destinations",
    "drop_destination",
    "drop_subset",
    "ensure_subsets",
    "fqdn",
    "gateways_of",
    "has_port_modes",
    "host_of",
    "hosts_of",
    "hosts_reached",
    "labels_of",
    "name_of",
    "named_for_version",
    "namespace_of",
    "new_destination_rule",
    "new_stream_virtual_service",
    "new_virtual_service",
    "observed_faults",
    "policy_at",
    "read_fault",
    "read_object",
    "read_policy",
    "read_resource",
    "read_routes",
    "read_split",
    "read_stream_split",
    "read_stream_weights",
    "read_subset",
    "read_subsets",
    "read_weights",
    "remove_route",
    "served_hosts",
    "serves",
    "service_host",
    "service_of",
    "set_fault",
    "set_http_policy",
    "set_object",
    "set_policy",
    "set_resource",
    "set_route",
    "set_split",
    "set_stream_split",
    "subsets_of",
    "uses_subset",
    "virtual_services_of",
    "visible",
    "weighted_subsets",
    "without_weight",
]
