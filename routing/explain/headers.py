"""What rules do to the headers of a request, as its destination sees them. Pure.

Sources: istio.io/istio, pilot/pkg/networking/core/route/route.go (TranslateHeadersOperations,
processDestination). Envoy applies a destination's operations before the route's, and removes before it
adds.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing.explain import matching, values
from routing.explain.values import Unusable
from routing.rules import quoted

_AUTHORITY: Final = frozenset({"host", ":authority"})
_ORDER: Final = ("remove", "set", "add")
Pairs = tuple[tuple[str, str], ...]


def check(spec: object, path: str) -> None:
    """Raises Unusable for operations that Istio or Envoy would refuse."""
    for side in ("request", "response"):
        operations = values.mapping(values.mapping(spec).get(side))
        for operation in ("set", "add"):
            where = f"{path}.{side}.{operation}"
            for name, value in values.mapping(operations.get(operation)).items():
                matching.check_header(name, where)
                if not isinstance(value, str) or not _one_line(value):
                    raise Unusable(f"{where}[{name}]", f"{quoted(value)} cannot be the value of a header.")
        for name in values.texts(operations.get("remove")):
            matching.check_header(name, f"{path}.{side}.remove")


def authority(spec: object) -> str:
    """The host that setting (or else adding) Host or :authority asks for; empty when neither does."""
    request = values.mapping(values.mapping(spec).get("request"))
    for operation in ("set", "add"):
        for name, value in values.labels(request.get(operation)).items():
            if name.lower() in _AUTHORITY:
                return value
    return ""


def sent(given: Pairs, route: object, destination: object, *, alone: bool) -> Pairs:
    """The headers as the destination gets them. `alone`: whether it is the only one of its route, in which
    case its operations come after those of the route instead of before them.
    """
    found = {name.lower(): value for name, value in joined(given)}
    if alone:
        both = [*_operations(route), *_operations(destination)]
        # Of one list Envoy removes first, then sets, and adds last.
        _apply(found, sorted(both, key=lambda step: _ORDER.index(step[0])))
    else:
        for spec in (destination, route):
            _apply(found, list(_operations(spec)))
    return tuple(sorted(found.items()))


def joined(pairs: Pairs) -> Pairs:
    """Headers with several of a name as one, by commas, as Envoy compares them."""
    found: dict[str, str] = {}
    for name, value in pairs:
        key = name.lower()
        found[key] = f"{found[key]},{value.strip()}" if key in found else value.strip()
    return tuple(found.items())


def _operations(spec: object) -> Iterator[tuple[str, str, str]]:
    request = values.mapping(values.mapping(spec).get("request"))
    for name in values.texts(request.get("remove")):
        if not _internal(name):
            yield "remove", name.lower(), ""
    for operation in ("set", "add"):
        for name, value in sorted(values.labels(request.get(operation)).items()):
            if not _internal(name):
                yield operation, name.lower(), value


def _apply(found: dict[str, str], steps: list[tuple[str, str, str]]) -> None:
    for operation, name, value in steps:
        if operation == "remove":
            found.pop(name, None)
        elif operation == "add" and name in found:
            found[name] = f"{found[name]},{value}"
        else:
            found[name] = value


def _internal(name: str) -> bool:
    return name.startswith(":") or name.lower() == "host"


def _one_line(value: str) -> bool:
    return all(char == "\t" or (char >= " " and char != "\x7f") for char in value)


def shown(spec: Mapping[str, Any], routes: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The operations of a rule and of its destinations, as they are written; None where there are none."""
    found: dict[str, Any] = {}
    if spec.get("headers"):
        found["route"] = spec["headers"]
    for index, each in enumerate(routes):
        if each.get("headers"):
            found[f"route[{index}]"] = each["headers"]
    return found or None
