"""Routes and splits in the words of the Gateway API, drafted. Pure."""

from collections.abc import Iterable
from typing import Final

from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE
from cluster.refs import Manifest
from routing import gatewayapi, istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering
from routing.istio.subsets import free_name
from routing.problems import warning
from routing.rules import Destination, Route, Split
from routing.rules.gateway_routes import GatewayRoute
from routing.sentences import sentence

OWNED: Final = ("matches", "filters", "backendRefs", "timeouts")


def gateway_route(rule: GatewayRoute, to: Steering) -> None:
    """Writes the rule as an HTTPRoute or a GRPCRoute. Raises CannotApply for what it cannot say."""
    kind = GRPC_ROUTE if rule.written_as == GRPC_ROUTE.kind else HTTP_ROUTE
    backends = gatewayapi.backends_of(to.service, to.draft.services, rule.home)
    route = _as_route(rule.rule)
    rendered, lost = gatewayapi.render(route, kind.kind, backends)
    if lost:
        told, article = "; ".join(map(str, lost)), "An" if kind == HTTP_ROUTE else "A"
        raise istio.CannotApply("NOT_EXPRESSIBLE", f"{article} {kind} cannot say: {told}.", "rule")
    found = gatewayapi.routes_of(to.draft.of(kind), rule.namespace, rule.service, rule.home)
    standing = gatewayapi.route_object(found, rule.service, route.name)
    if standing is None:
        wanted = gatewayapi.object_name(rule.service, route.name)
        name = free_name(wanted, to.draft.names(kind, rule.home))
        standing = gatewayapi.new_object(kind, rule.namespace, rule.service, rule.home, name)
    changed = gatewayapi.with_rule(standing, rendered, OWNED, default=not route.name)
    to.draft.put(changed, f"Says: {sentence(rule)}.")
    _about_prefixes(route, to)
    _about_virtual_services(to, changed)
    _about_versions(route, to)


def _as_route(rule: Route | Split) -> Route:
    """A split is the default route, to versions by weight."""
    if isinstance(rule, Route):
        return rule
    weighted = [(version, weight) for version, weight in rule.weights.items() if weight]
    alone = len(weighted) == 1
    destinations = tuple(
        Destination(version=version, weight=None if alone else weight) for version, weight in weighted
    )
    return Route(rule.namespace, rule.service, "", destinations)


def _about_prefixes(route: Route, to: Steering) -> None:
    told = [match.uri.value for match in route.match if match.uri is not None and match.uri.how == "prefix"]
    if told and told != ["/"]:
        message = (
            f"A prefix means whole parts of a path here: {told[0]} matches {told[0].rstrip('/')} and what is "
            f"below it, and nothing that only begins with the same letters."
        )
        to.draft.problems.append(warning("PREFIX_OF_PARTS", message, f"{to.field}.rule.match"))


def _about_virtual_services(to: Steering, changed: Manifest) -> None:
    found: Iterable[Manifest | None] = (to.virtual.main, *to.virtual.rivals)
    known = [each for each in found if each is not None]
    if known:
        names = ", ".join(istio.name_of(each) for each in known)
        both = f"{names} routes the same service as {istio.name_of(changed)}"
        message = f"{both}; only one of them can be in force. Take one away."
        named = istio.name_of(known[0])
        to.draft.problems.append(warning("TWO_ROUTERS", message, to.field, named, needs(known)))


def _about_versions(route: Route, to: Steering) -> None:
    if not isinstance(route.action, tuple):
        return
    for each in route.action:
        version = to.service.version(each.version) if each.version else None
        if version is not None and not version.ready_pods and to.service.pods_known:
            message = f"{version.version} has no ready pod; what is sent there would fail."
            to.draft.problems.append(warning("NO_READY_PODS", message, f"{to.field}.rule"))
