"""What a schema cannot see in a manifest: expressions, headers and hosts that a proxy could not use. Pure.

Sources: istio.io/api (the fields), RFC 9110 5.5 and 5.6.2 (headers), RE2 (expressions, as Envoy has them).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cluster import kinds
from cluster.kinds import Kind
from cluster.refs import Manifest
from routing import expressions
from routing.problems import Problem, error
from routing.rules import quoted
from routing.rules.checks import is_range, is_token
from routing.yaml_marks import Path

Found = tuple[Path, Problem]
_LABEL: Final = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?", re.ASCII)
_HEADER_NAMES: Final = frozenset({"set", "add", "headers", "withoutHeaders"})
_SAID: Final = frozenset({"rewrite", "redirect", "headers", "withoutHeaders", "directResponse"})
"""The fields whose text goes into requests and answers, or is compared with their headers."""


def problems(kind: Kind, manifest: Manifest) -> tuple[Found, ...]:
    """What is wrong in a manifest, each with the path of its field."""
    spec = manifest.get("spec")
    return (*_regexes(spec), *_headers(spec), *_hosts(kind, spec)) if isinstance(spec, Mapping) else ()


def walk(value: Any, path: Path = ("spec",)) -> Iterator[tuple[Path, Any]]:
    """Every value below a value, itself included, with its path."""
    yield path, value
    if isinstance(value, Mapping):
        for key, child in value.items():
            yield from walk(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from walk(child, (*path, index))


def regex_error(text: str) -> str:
    """Why RE2, and so the proxy, does not take an expression; empty when it does."""
    if len(text) > expressions.LONGEST:
        return f"The expression has {len(text)} characters; at most {expressions.LONGEST} are allowed."
    try:
        expressions.compiled(text)
    except ValueError as refusal:
        return f"{quoted(text)} is no expression that the proxies (RE2) take: {refusal}."
    return ""


def _regexes(spec: Any) -> Iterator[Found]:
    for path, value in walk(spec):
        if path[-1] == "regex" and isinstance(value, str):
            yield from _regex(path, value)
        elif (
            path[-1] == "uriRegexRewrite"
            and isinstance(value, Mapping)
            and isinstance(value.get("match"), str)
        ):
            yield from _regex((*path, "match"), value["match"])
        elif _is_expression(value):
            yield from _regex((*path, "value"), value["value"])


def _is_expression(value: Any) -> bool:
    """Whether this is a match of the Gateway API's, which says beside the value that it is an expression."""
    return (
        isinstance(value, Mapping)
        and value.get("type") == "RegularExpression"
        and isinstance(value.get("value"), str)
    )


def _regex(path: Path, text: str) -> Iterator[Found]:
    refusal = regex_error(text)
    if refusal:
        yield path, error("BAD_REGEX", refusal)


def _headers(spec: Any) -> Iterator[Found]:
    for path, value in walk(spec):
        if (
            path[-1] in _HEADER_NAMES
            and isinstance(value, Mapping)
            and not {"request", "response"} & set(value)
        ):
            for name in value:
                yield from _header_name((*path, name), name)
        elif isinstance(value, str) and _SAID.intersection(map(str, path)):
            yield from _one_line(path, value)
            if "remove" in path[-2:]:
                yield from _header_name(path, value)
        elif path[-1] in ("httpHeaderName", "headerName") and isinstance(value, str):
            yield from _header_name(path, value)
        elif _is_modifier(path) and isinstance(value, Mapping):
            yield from _modified(path, value)


def _is_modifier(path: Path) -> bool:
    """Whether a path leads to one header of a Gateway API filter: `...requestHeaderModifier.set[0]`."""
    return len(path) > 3 and path[-3] in ("requestHeaderModifier", "responseHeaderModifier")


def _modified(path: Path, value: Mapping[str, Any]) -> Iterator[Found]:
    if isinstance(value.get("name"), str):
        yield from _header_name((*path, "name"), value["name"])
    if isinstance(value.get("value"), str):
        yield from _one_line((*path, "value"), value["value"])


def _header_name(path: Path, name: Any) -> Iterator[Found]:
    # Istio's own names for parts of the request begin with a colon; claims of a JWT have a name of their own.
    if isinstance(name, str) and name.startswith("@request.auth.claims"):
        return
    if not isinstance(name, str) or not is_token(name.removeprefix(":")):
        yield path, error("BAD_HEADER", f"{quoted(name)} cannot be the name of a header.")


def _one_line(path: Path, text: str) -> Iterator[Found]:
    if "body" in path:
        return
    wrong = next((char for char in text if char in "\r\n\0"), "")
    if wrong:
        what = {"\r": "a carriage return", "\n": "a line break", "\0": "a zero byte"}[wrong]
        yield path, error("BAD_HEADER", f"{quoted(text)} holds {what}, which no header can carry.")


def host_error(host: str) -> str:
    """What is wrong with a host that may begin with a wildcard; empty when nothing is."""
    if host == "*" or is_range(host):
        return ""
    if len(host) > 255:
        return f"{quoted(host)} is longer than 255 characters."
    rest = host.removeprefix("*.").removesuffix(".")
    if "*" in rest:
        return (
            f"{quoted(host)} has a wildcard in the wrong place: it may stand alone, or as the whole first "
            "part (*.example.org)."
        )
    wrong = next((part for part in rest.split(".") if len(part) > 63 or not _LABEL.fullmatch(part)), None)
    return (
        "" if wrong is None else f"{quoted(host)} is no host: {quoted(wrong)} cannot be a part of its name."
    )


def _hosts(kind: Kind, spec: Mapping[str, Any]) -> Iterator[Found]:
    check = _CHECKS.get(kind)
    if check is not None:
        yield from check(spec)


def _virtual_service(spec: Mapping[str, Any]) -> Iterator[Found]:
    gateways = spec.get("gateways") or ["mesh"]
    for path, host in _texts(spec, "hosts"):
        yield from _host(path, host)
        if host == "*" and isinstance(gateways, list) and "mesh" in gateways:
            message = (
                "The host * cannot be claimed for the callers in the mesh; name the gateways that it is for."
            )
            yield path, error("BAD_HOST", message)
    for path, value in walk(spec):
        if (
            path[-1] in ("destination", "mirror")
            and isinstance(value, Mapping)
            and value.get("host") is not None
        ):
            yield from _destination((*path, "host"), value["host"])


def _destination(path: Path, host: Any) -> Iterator[Found]:
    if host == "*":
        yield path, error("BAD_HOST", "A destination cannot be every host (*).")
    elif isinstance(host, str):
        yield from _host(path, host)


def _destination_rule(spec: Mapping[str, Any]) -> Iterator[Found]:
    if isinstance(spec.get("host"), str):
        yield from _host(("spec", "host"), spec["host"])


def _service_entry(spec: Mapping[str, Any]) -> Iterator[Found]:
    for path, host in _texts(spec, "hosts"):
        if host == "*":
            yield path, error("BAD_HOST", "A ServiceEntry cannot be for every host (*).")
        yield from _host(path, host)


def _gateway(spec: Mapping[str, Any]) -> Iterator[Found]:
    servers = spec.get("servers")
    for index, server in enumerate(servers if isinstance(servers, list) else []):
        if isinstance(server, Mapping):
            for path, host in _texts(server, "hosts", ("spec", "servers", index)):
                yield from _scoped(path, host)


def _sidecar(spec: Mapping[str, Any]) -> Iterator[Found]:
    egress = spec.get("egress")
    for index, listener in enumerate(egress if isinstance(egress, list) else []):
        if isinstance(listener, Mapping):
            for path, host in _texts(listener, "hosts", ("spec", "egress", index)):
                if "/" in host:
                    yield from _scoped(path, host)
                else:
                    message = f"{quoted(host)} says no namespace; write ./{host[:60]} or */{host[:60]}."
                    yield path, error("BAD_HOST", message)


def _scoped(path: Path, host: str) -> Iterator[Found]:
    """A host that may have its namespace before it: `shop/cart.example.org`, `./*`, `*/cart`."""
    namespace, slash, name = host.rpartition("/")
    if slash and namespace not in ("*", ".", "~") and not _LABEL.fullmatch(namespace):
        yield (
            path,
            error("BAD_HOST", f"{quoted(host)} begins with {quoted(namespace)}, which is no namespace."),
        )
    yield from _host(path, name)


def _host(path: Path, host: str) -> Iterator[Found]:
    refusal = host_error(host)
    if refusal:
        yield path, error("BAD_HOST", refusal)


def _texts(value: Mapping[str, Any], name: str, path: Path = ("spec",)) -> Iterator[tuple[Path, str]]:
    items = value.get(name)
    for index, item in enumerate(items if isinstance(items, list) else []):
        if isinstance(item, str):
            yield (*path, name, index), item


_CHECKS: Final[Mapping[Kind, Callable[[Mapping[str, Any]], Iterator[Found]]]] = {
    kinds.VIRTUAL_SERVICE: _virtual_service,
    kinds.DESTINATION_RULE: _destination_rule,
    kinds.SERVICE_ENTRY: _service_entry,
    kinds.GATEWAY: _gateway,
    kinds.SIDECAR: _sidecar,
}
