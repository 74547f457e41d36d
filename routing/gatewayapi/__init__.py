"""Rules in the words of the Gateway API, and back. Pure.

    backends   versions as Services of their own: the Gateway API knows no subsets
    matches    which requests, in both directions
    filters    what becomes of them, in both directions
    rules      one rule of an HTTPRoute or a GRPCRoute, whole
    objects    which HTTPRoute or GRPCRoute a rule stands in
    meaning    what such objects mean, as a VirtualService
    conditions, actions: the parts of that

What it cannot say is never left out in silence: `render` gives each such part with the reason, and `read`
the paths of what a rule of the vocabulary cannot say.
"""

from routing.gatewayapi.backends import Backends, backends_of, versions_behind
from routing.gatewayapi.loss import Loss
from routing.gatewayapi.meaning import KINDS, Meant, is_meant, meant, named, own, virtual_services
from routing.gatewayapi.objects import new_object, object_name, parents, route_object, routes_of, with_rule
from routing.gatewayapi.rules import read, render

__all__ = [
    "KINDS",
    "Backends",
    "Loss",
    "Meant",
    "backends_of",
    "is_meant",
    "meant",
    "named",
    "new_object",
    "object_name",
    "own",
    "parents",
    "read",
    "render",
    "route_object",
    "routes_of",
    "versions_behind",
    "virtual_services",
    "with_rule",
]
