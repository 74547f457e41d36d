"""Reads and writes rules on Istio's own manifests, touching nothing that meshui does not own. Pure.

    hosts      which VirtualService and DestinationRule are about a service
    subsets    versions and the subsets that select them
    references which subsets routes name
    splits     weights on the default route
    faults     delays and aborts, and how meshui knows its own again

Every function that changes a manifest returns a changed copy. What cannot be done raises `CannotApply`.
"""

from routing.istio.errors import CannotApply, Notice
from routing.istio.faults import ObservedFault, clear_fault, observed_faults, read_fault, set_fault
from routing.istio.hosts import (
    DestinationRules,
    VirtualServices,
    covers,
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
from routing.istio.references import Subset, labels_of, named_subsets, weighted_subsets, without_weight
from routing.istio.splits import new_virtual_service, read_split, read_weights, set_split
from routing.istio.subsets import Subsets, ensure_subsets, read_subsets, subsets_of

__all__ = [
    "CannotApply",
    "DestinationRules",
    "Notice",
    "ObservedFault",
    "Subset",
    "Subsets",
    "VirtualServices",
    "clear_fault",
    "covers",
    "destination_rules_of",
    "destinations",
    "ensure_subsets",
    "fqdn",
    "host_of",
    "hosts_of",
    "labels_of",
    "name_of",
    "named_subsets",
    "namespace_of",
    "new_virtual_service",
    "observed_faults",
    "read_fault",
    "read_split",
    "read_subsets",
    "read_weights",
    "service_host",
    "set_fault",
    "set_split",
    "subsets_of",
    "uses_subset",
    "virtual_services_of",
    "weighted_subsets",
    "without_weight",
]
