"""What a rule does with a request: where it goes with which probability, and what is done to it. Pure.

Sources: istio.io/istio, pilot/pkg/networking/core/route/route.go; Envoy's RouteAction, RedirectAction and
HTTP fault filter.
"""

from collections.abc import Mapping
from typing import Any, Final

from routing.explain import headers, paths, strings, values
from routing.explain.answer import Fault
from routing.explain.matching import Seen
from routing.explain.values import Unusable
from routing.gatewayapi.actions import PREFIX
from routing.gatewayapi.conditions import ELEMENTS
from routing.rules import quoted

REDIRECTS: Final = (301, 302, 303, 307, 308)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
DEFAULT_ATTEMPTS: Final = 2
"""Istio's default retry policy (meshConfig.defaultHttpRetryPolicy)."""
DEFAULT_RETRY_ON: Final = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes"
_GRPC: Final = frozenset(
    {
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
        "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    }
)  # fmt: skip


def check(spec: Mapping[str, Any]) -> None:
    """Raises Unusable for an action that Istio or Envoy would refuse."""
    headers.check(spec.get("headers"), "headers")
    if spec.get("fault"):
        fault(spec)
    if spec.get("redirect"):
        _redirect_code(values.mapping(spec["redirect"]))
    elif spec.get("directResponse"):
        direct_status(values.mapping(spec["directResponse"]))
    else:
        _check_routes(spec)


def shares(routes: list[Mapping[str, Any]], path: str) -> list[float]:
    """The share of each destination (ratio 0-1); the only one gets everything. Raises Unusable."""
    if len(routes) == 1:
        return [1.0]
    weights = [_weight(each, f"{path}[{index}].weight") for index, each in enumerate(routes)]
    total = sum(weights)
    if not total:
        raise Unusable(path, "The weights add up to 0: no destination would get the requests.")
    return [weight / total for weight in weights]


def fault(spec: Mapping[str, Any]) -> Fault | None:
    """The fault of a rule, None where it hits nobody. Raises Unusable."""
    wanted = values.mapping(spec.get("fault"))
    probability, duration = _delay(values.mapping(wanted.get("delay")))
    abort = values.mapping(wanted.get("abort"))
    share = values.percentage(values.mapping(abort.get("percentage")).get("value"), "fault.abort.percentage")
    status, name = _abort_status(abort)
    if not status:
        share = 0.0
    if not probability and not share:
        return None
    return Fault(probability, duration if probability else 0.0, share, status if share else 0, name)


def rewritten(spec: Mapping[str, Any], match: Mapping[str, Any], seen: Seen) -> str:
    """The path with its query as a rule sends it on. Raises Unusable."""
    rewrite = values.mapping(spec.get("rewrite"))
    by_regex = values.mapping(rewrite.get("uriRegexRewrite"))
    if by_regex:
        pattern = values.regex(by_regex.get("match"), "rewrite.uriRegexRewrite.match")
        return paths.substitute(pattern, values.text(by_regex.get("rewrite")), seen.path) + seen.query
    replacement = values.text(rewrite.get("uri"))
    if not replacement:
        return seen.path + seen.query
    return replacement + _rest(match, seen.path) + seen.query


def location(redirect: Mapping[str, Any], match: Mapping[str, Any], seen: Seen) -> str:
    """Where a redirect leads, as Envoy writes it; `match` is the one that the request met."""
    scheme = values.text(redirect.get("scheme")) or seen.scheme
    port = _redirect_port(redirect, seen)
    host = values.text(redirect.get("authority")) or _own_host(seen, scheme, port)
    path = values.text(redirect.get("uri")) or seen.path + seen.query
    if path.startswith(PREFIX):
        path = path.removeprefix(PREFIX) + _rest(match, seen.path)
    if redirect.get("uri") and "?" not in path:
        path += seen.query
    return f"{scheme}://{host}{f':{port}' if port else ''}{path}"


def redirect_status(redirect: Mapping[str, Any]) -> int:
    """The status of a redirect. Raises Unusable."""
    return _redirect_code(redirect)


def direct_status(response: Mapping[str, Any]) -> int:
    """The status of a direct response. Raises Unusable."""
    status = values.whole(response.get("status"))
    if not 200 <= status <= 599:
        shown = quoted(response.get("status"))
        raise Unusable("directResponse.status", f"{shown} is not between 200 and 599.")
    return status


def timeout(spec: Mapping[str, Any]) -> float:
    """The timeout of a rule in seconds, 0 for none. Raises Unusable."""
    return values.seconds(spec["timeout"], "timeout") if spec.get("timeout") else 0.0


def retries(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    """The retries of a rule as in force: its own, or Istio's default."""
    given = spec.get("retries")
    if given is None:
        return {"attempts": DEFAULT_ATTEMPTS, "retryOn": DEFAULT_RETRY_ON, "default": True}
    return {"attempts": 0, "retryOn": DEFAULT_RETRY_ON, **values.mapping(given), "default": False}


def mirror_shares(spec: Mapping[str, Any]) -> list[tuple[Mapping[str, Any], float]]:
    """Each mirror's destination and share (ratio 0-1), without those that get nothing. Raises Unusable."""
    found = []
    single = values.mapping(spec.get("mirror"))
    if single:
        percent: object = spec.get("mirrorPercent", 100)
        if spec.get("mirrorPercentage") is not None:
            percent = values.mapping(spec["mirrorPercentage"]).get("value", 0)
        found.append((single, values.percentage(percent, "mirrorPercentage")))
    for index, each in enumerate(values.mappings(spec.get("mirrors"))):
        given = each.get("percentage")
        percent = 100 if given is None else values.mapping(given).get("value", 0)
        share = values.percentage(percent, f"mirrors[{index}].percentage")
        found.append((values.mapping(each.get("destination")), share))
    return [each for each in found if each[1]]


def _check_routes(spec: Mapping[str, Any]) -> None:
    routes = values.mappings(spec.get("route"))
    if not routes:
        raise Unusable("", "It has neither route nor redirect nor directResponse.")
    shares(routes, "route")
    for index, each in enumerate(routes):
        if not values.text(values.mapping(each.get("destination")).get("host")):
            raise Unusable(f"route[{index}].destination.host", "It is missing.")
        headers.check(each.get("headers"), f"route[{index}].headers")
    timeout(spec)
    mirror_shares(spec)
    by_regex = values.mapping(values.mapping(spec.get("rewrite")).get("uriRegexRewrite"))
    if by_regex:
        path = "rewrite.uriRegexRewrite"
        pattern = values.regex(by_regex.get("match"), f"{path}.match")
        try:
            paths.check_substitution(pattern, values.text(by_regex.get("rewrite")))
        except Unusable as error:
            raise Unusable(f"{path}.rewrite", error.reason) from None


def _weight(route: Mapping[str, Any], path: str) -> int:
    weight = route.get("weight") or 0
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 2**31:
        raise Unusable(path, f"{quoted(weight)} is not a weight: a whole number from 0.")
    return int(weight)


def _delay(delay: Mapping[str, Any]) -> tuple[float, float]:
    """The probability and the seconds. Only fixed delays are carried out."""
    if "fixedDelay" not in delay:
        return 0.0, 0.0
    given = delay.get("percentage")
    percent = delay.get("percent") if given is None else values.mapping(given).get("value")
    share = values.percentage(percent, "fault.delay.percentage")
    return share, values.seconds(delay["fixedDelay"], "fault.delay.fixedDelay")


def _abort_status(abort: Mapping[str, Any]) -> tuple[int, str]:
    if "httpStatus" in abort:
        status = values.whole(abort["httpStatus"])
        if not 200 <= status <= 599:
            shown = quoted(abort["httpStatus"])
            raise Unusable("fault.abort.httpStatus", f"{shown} is not between 200 and 599.")
        return status, ""
    if "grpcStatus" in abort:
        name = str(abort["grpcStatus"]).upper()
        if name not in _GRPC:
            raise Unusable("fault.abort.grpcStatus", f"{quoted(name)} is not the name of a gRPC status.")
        # gRPC has its status in a trailer. Who does not speak it gets this as well, and takes it for success.
        return 200, name
    return 0, ""


def _rest(match: Mapping[str, Any], path: str) -> str:
    """What of a path stays behind the part that a rewrite replaces: what the match named."""
    uri = values.mapping(match.get("uri"))
    kind = strings.kind_of(uri)
    if kind in ("prefix", ELEMENTS):
        return path[len(uri[kind]) :]
    # Without a condition on the path the rule is one for the prefix `/`.
    return "" if kind else path[1:]


def _redirect_code(redirect: Mapping[str, Any]) -> int:
    code = values.whole(redirect.get("redirectCode")) or 301
    if code not in REDIRECTS:
        allowed = ", ".join(map(str, REDIRECTS))
        raise Unusable(
            "redirect.redirectCode", f"{quoted(redirect.get('redirectCode'))} is none of {allowed}."
        )
    return code


def _redirect_port(redirect: Mapping[str, Any], seen: Seen) -> int:
    """The port to name in a redirect, 0 for none; a scheme's own port is not named."""
    port = values.whole(redirect.get("port"))
    if redirect.get("derivePort") == "FROM_REQUEST_PORT":
        port = seen.port
    scheme = values.text(redirect.get("scheme")) or seen.scheme
    return 0 if port == _DEFAULT_PORTS.get(scheme) else port


def _own_host(seen: Seen, scheme: str, port: int) -> str:
    """The host of the request; its port goes when the redirect names one, or when it was the old scheme's."""
    host, colon, own = seen.authority.rpartition(":")
    if not colon or not own.isdigit():
        return seen.authority
    usual = scheme != seen.scheme and int(own) == _DEFAULT_PORTS.get(seen.scheme)
    return host if port or usual else seen.authority
