"""HTTPMatchRequest: whether a request meets every condition, and the first that it does not. Pure.

The order is Istio's: what is decided where the routes are made (port, gateways, the caller), then what Envoy
asks of each request. Sources: istio.io/istio, pilot/pkg/networking/core/route/route.go (sourceMatchHTTP,
TranslateRouteMatch); Envoy's RouteMatch and HeaderMatcher.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.explain import strings, values
from routing.explain.question import MESH, Caller
from routing.explain.values import Unusable
from routing.rules import quoted
from routing.rules.checks import is_token

_CLAIM: Final = "@"
_PARTS: Final = ("method", "authority", "scheme")


@dataclass(frozen=True, slots=True)
class Seen:
    """The request as the caller's proxy sees it.

    `path`: normalised, without the query. `headers`: by lower-case name, several of a name joined by commas;
    the parts of the request among them, as Envoy has it. `port`: that of the service or of the gateway.
    """

    caller: Caller
    port: int
    path: str
    query: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def method(self) -> str:
        """The method."""
        return self.headers[":method"]

    @property
    def authority(self) -> str:
        """The host as the caller wrote it, with the port where HTTP writes one."""
        return self.headers[":authority"]

    @property
    def scheme(self) -> str:
        """Http or https."""
        return self.headers[":scheme"]


def check(match: Mapping[str, Any], path: str) -> None:
    """Raises Unusable for a match that Istio or Envoy would refuse."""
    strings.check(match.get("uri"), f"{path}.uri", empty_prefix=True)
    for part in _PARTS:
        strings.check(match.get(part), f"{path}.{part}")
    for field in ("headers", "withoutHeaders"):
        for name, each in values.mapping(match.get(field)).items():
            check_header(name, f"{path}.{field}")
            strings.check(each, f"{path}.{field}[{name}]")
    for name, each in values.mapping(match.get("queryParams")).items():
        if not name:
            raise Unusable(f"{path}.queryParams", "A parameter needs a name.")
        strings.check(each, f"{path}.queryParams[{name}]")


def check_header(name: object, path: str) -> None:
    """Raises Unusable for what cannot be the name of a header."""
    written = str(name)
    if not written.startswith(_CLAIM) and not is_token(written.removeprefix(":")):
        raise Unusable(path, f"{quoted(name)} cannot be the name of a header.")


def first_failure(match: Mapping[str, Any], seen: Seen) -> str | None:
    """The first condition of a checked match that the request does not meet, in words; None if it meets all.

    `gateways` must be in full.
    """
    return next((words for words in _failures(match, seen) if words), None)


def admits(match: Mapping[str, Any], caller: Caller, port: int) -> str | None:
    """Why a match is for other callers than this one; None where it is for this one too.

    Of HTTP, TCP and TLS alike. As Istio has it, gateways replace the conditions on the caller.
    """
    asked_port = values.whole(match.get("port"))
    if asked_port and asked_port != port:
        return f"the rule is for port {asked_port}; this goes to port {port}"
    gateways = values.texts(match.get("gateways"))
    if gateways:
        return None if caller.place in gateways else _other_place(gateways, caller)
    for name, wanted in sorted(values.mapping(match.get("sourceLabels")).items()):
        if caller.labels.get(name) != wanted:
            return _label_failure(name, wanted, caller)
    namespace = match.get("sourceNamespace")
    if namespace and namespace != caller.namespace:
        asked = quoted(namespace)
        return f"the caller is in namespace {quoted(caller.namespace)}; the rule asks for {asked}"
    return None


def _failures(match: Mapping[str, Any], seen: Seen) -> Iterator[str | None]:
    yield admits(match, seen.caller, seen.port)
    uri = values.mapping(match.get("uri"))
    if strings.kind_of(uri):
        ignore = bool(match.get("ignoreUriCase")) and strings.kind_of(uri) != "regex"
        yield strings.failure(uri, seen.path, "the path", ignore_case=ignore)
    for part, value in (("method", seen.method), ("authority", seen.authority), ("scheme", seen.scheme)):
        if part in match:
            yield strings.failure(match[part], value, f"the {part}")
    for name, wanted in sorted(values.mapping(match.get("headers")).items()):
        yield _header_failure(str(name), wanted, seen)
    for name, wanted in sorted(values.mapping(match.get("withoutHeaders")).items()):
        yield _unwanted(str(name), wanted, seen)
    for name, wanted in sorted(values.mapping(match.get("queryParams")).items()):
        yield strings.failure(wanted, seen.parameters.get(str(name)), f"the parameter {name} of the query")


def _header_failure(name: str, wanted: object, seen: Seen) -> str | None:
    if name.startswith(_CLAIM):
        return f"the rule asks for {name}, a claim of a verified token; this request carries none"
    return strings.failure(wanted, seen.headers.get(name.lower()), f"header {name}")


def _unwanted(name: str, match: object, seen: Seen) -> str | None:
    """Why a header that must not be so fails a rule."""
    if name.startswith(_CLAIM):
        return None
    value = seen.headers.get(name.lower())
    if not strings.kind_of(match):
        return None if value is None else f"header {name} is {quoted(value)}; the rule asks that it is absent"
    # Envoy compares an absent header as an empty one here (treat_missing_header_as_empty).
    if not strings.holds(match, value or ""):
        return None
    is_now = "absent, which counts as empty" if value is None else quoted(value)
    return f"header {name} is {is_now}; the rule asks that it is not {strings.asked(match)}"


def _other_place(gateways: list[str], caller: Caller) -> str:
    names = " or ".join("the mesh" if name == MESH else f"gateway {name}" for name in gateways)
    here = f"comes through gateway {caller.gateway}" if caller.gateway else "comes from inside the mesh"
    return f"the rule is for {names}; this {here}"


def _label_failure(name: str, wanted: object, caller: Caller) -> str:
    value = caller.labels.get(name)
    if value is None:
        return f"the caller has no label {name}; the rule asks for {quoted(wanted)}"
    return f"label {name} of the caller is {quoted(value)}; the rule asks for {quoted(wanted)}"
