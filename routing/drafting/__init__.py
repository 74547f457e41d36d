"""From rules to the resources as they are to be: each rule changes the draft that the rules before it left.
Pure.

    draft      the resources while the plan is being made, and the problems found
    steering   which of them steer a service, and what to say of it
    versions   whether those that a rule names are there and can answer
    splits, faults, routes, subsets, policies, resources, objects   one module for each family of rules

A rule about a service is drafted by a function of the rule and a `Steering`; one about no service by a
function of the rule, the draft and the field.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cluster import inventory
from routing import istio
from routing.drafting.draft import Draft
from routing.drafting.faults import clear_fault, fault
from routing.drafting.gateway_routes import gateway_route
from routing.drafting.objects import delete_object, put_object
from routing.drafting.policies import destination_policy
from routing.drafting.resources import gateway, service_entry, sidecar
from routing.drafting.routes import http_policy, remove_route, route
from routing.drafting.splits import split
from routing.drafting.steering import Steering, steers
from routing.drafting.subsets import remove_subset, subset
from routing.problems import error
from routing.rules import (
    ClearFault,
    DeleteObject,
    DestinationPolicy,
    Fault,
    Gateway,
    GatewayRoute,
    HttpPolicy,
    Object,
    RemoveRoute,
    RemoveSubset,
    Route,
    Rule,
    ServiceEntry,
    Sidecar,
    Split,
    Subset,
)

OF_SERVICE: Final[Mapping[type[Any], Callable[[Any, Steering], None]]] = {
    Split: split,
    Fault: fault,
    ClearFault: clear_fault,
    GatewayRoute: gateway_route,
    Route: route,
    HttpPolicy: http_policy,
    RemoveRoute: remove_route,
    Subset: subset,
    RemoveSubset: remove_subset,
    DestinationPolicy: destination_policy,
}
WITHOUT_SERVICE: Final[Mapping[type[Any], Callable[[Any, Draft, str], None]]] = {
    Object: put_object,
    DeleteObject: delete_object,
    Sidecar: sidecar,
    ServiceEntry: service_entry,
    Gateway: gateway,
}

__all__ = ["Draft", "draft_rule"]


def draft_rule(draft: Draft, rule: Rule, service: inventory.Service | None, field: str) -> None:
    """Makes a rule true in the draft, or notes as an error why it cannot be; then the draft stays as it was.

    `service`: the one that the rule is about; None for a rule that is about none.
    """
    saved = draft.save()
    try:
        if service is None:
            WITHOUT_SERVICE[type(rule)](rule, draft, field)
        else:
            OF_SERVICE[type(rule)](rule, Steering(draft, service, field))
    except istio.CannotApply as refusal:
        draft.restore(saved)
        at = f"{field}.{refusal.field}" if refusal.field else field
        about = steers(draft, rule) if rule.service else []
        draft.problems.append(error(refusal.code, refusal.message, at, needs=about))
