"""What somebody looks at, which proxies' logs tell of it, and which of their requests belong to it. Pure."""

from typing import Final, Literal, NamedTuple

from cluster.access import Visible
from telemetry.identity import GraphType
from telemetry.tap.ends import Directory, End, Place, Seen, ServiceName

MAX_PODS: Final = 8
"""Logs that are followed for one viewer; of more pods of a workload each answers alike."""
Kind = Literal["app", "workload", "service", "namespace", "unknown", "hidden"]
Codes = Literal["1xx", "2xx", "3xx", "4xx", "5xx", "none"]


class Wanted(NamedTuple):
    """One node of the graph, by its own fields."""

    kind: Kind
    namespace: str = ""
    app: str = ""
    version: str = ""
    workload: str = ""
    service: str = ""


class Look(NamedTuple):
    """What is looked at: a node (`target` only), or the calls from `source` to `target`.

    `codes`: the classes of answers that are wanted; empty means all.
    """

    graph_type: GraphType
    target: Wanted
    source: Wanted | None = None
    codes: frozenset[Codes] = frozenset()


class Choice(NamedTuple):
    """Whose logs to follow. `of`: how many there would be; `side`: whose log tells of it."""

    pods: tuple[Place, ...] = ()
    of: int = 0
    side: Literal["node", "caller", "target"] = "node"


def namespaces(look: Look) -> tuple[str, ...]:
    """In whose logs it may stand, the best one first."""
    ends = (look.source, look.target) if look.source else (look.target,)
    return tuple(dict.fromkeys(end.namespace for end in ends if end.namespace))


def choose(look: Look, directory: Directory, allowed: frozenset[str]) -> Choice:
    """The pods to follow, in namespaces whose logs may be read: the callers', or else the called ones'."""
    if look.source is None:
        return _choice(_pods(look.target, directory, allowed), "node")
    callers = _pods(look.source, directory, allowed)
    if callers:
        return _choice(callers, "caller")
    return _choice(_pods(look.target, directory, allowed), "target")


def belongs(look: Look, side: str, seen: Seen, directory: Directory, visible: Visible) -> bool:
    """Whether a request in a log that is followed is one of those that are looked at."""
    if look.codes and code_class(seen.line.code) not in look.codes:
        return False
    if look.source is None:
        return True
    if side == "caller":
        return seen.direction == "out" and _reaches(look, seen, directory, visible)
    return seen.direction == "in" and _is(look.source, seen.caller, directory, visible)


def code_class(code: int) -> Codes:
    """The class of a status code; `none` where no answer was sent."""
    classes: dict[int, Codes] = {1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}
    return classes.get(code // 100, "none")


def _choice(pods: list[Place], side: Literal["node", "caller", "target"]) -> Choice:
    # Ready ones first; by name, so that the same ones are chosen the next time.
    ordered = sorted(pods, key=lambda place: (not place.ready, place.end.namespace, place.pod))
    return Choice(tuple(ordered[:MAX_PODS]), len(ordered), side)


def _pods(wanted: Wanted, directory: Directory, allowed: frozenset[str]) -> list[Place]:
    if wanted.namespace not in allowed:
        return []
    if wanted.kind == "service":
        found = directory.behind((wanted.namespace, wanted.service))
    else:
        places = directory.of_namespace(wanted.namespace)
        found = [place for place in places if _matches(wanted, place.end)]
    return [place for place in found if place.proxied]


def _matches(wanted: Wanted, end: End) -> bool:
    if wanted.namespace != end.namespace:
        return False
    if wanted.kind == "app":
        return wanted.app == end.app and wanted.version in ("", end.version)
    return wanted.kind == "namespace" or (wanted.kind == "workload" and wanted.workload == end.workload)


def _reaches(look: Look, seen: Seen, directory: Directory, visible: Visible) -> bool:
    if look.target.kind != "service":
        return _is(look.target, seen.target, directory, visible)
    # In other graphs than that of services, a service is what no workload answered for.
    unreached = look.graph_type == "service" or seen.target is None
    return unreached and _same(seen.service, (look.target.namespace, look.target.service))


def _same(service: ServiceName | None, wanted: ServiceName) -> bool:
    if service is None:
        return False
    # Istio's metrics put a host outside the cluster into a namespace; a log does not.
    return service == wanted or (service[0] == "" and service[1] == wanted[1])


def _is(wanted: Wanted, end: End | None, directory: Directory, visible: Visible) -> bool:
    """Whether this end is the wanted one; who is not known is `unknown`, who may not be seen `hidden`."""
    if end is None:
        return wanted.kind == "unknown"
    if visible is not None and end.namespace not in visible:
        return wanted.kind == "hidden"
    if wanted.kind == "service":
        return any(place.end == end for place in directory.behind((wanted.namespace, wanted.service)))
    if wanted.kind == "unknown":
        return False
    return _matches(wanted, end)
