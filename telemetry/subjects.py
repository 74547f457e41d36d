"""What a node or an edge of the graph is, said as conditions on labels: so any source can look back at it.

The id says it, as telemetry.identity writes ids: what left the graph long ago can still be asked for. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

from telemetry.identity import HOME, Directory, GraphType, cluster_of
from telemetry.samples import EdgeLabels

Side = Literal["received", "sent", "edge"]
_KINDS = ("app:", "workload:", "service:", "namespace:", "unknown", "hidden")


class Matcher(NamedTuple):
    """A label (a field of EdgeLabels) has one of these values, or none of them where `among` is False.

    "" stands for what Istio calls "unknown", and for a label that is missing.
    """

    label: str
    values: tuple[str, ...]
    among: bool = True

    def fits(self, labels: EdgeLabels) -> bool:
        """Whether this condition holds."""
        value: str = getattr(labels, self.label)
        return (value in self.values) is self.among


Conditions = tuple[Matcher, ...]


class Subject(NamedTuple):
    """Whose figures: all label sets that fit any of the `alternatives`, of which each is a list of conditions
    that must all hold. No label set fits two of them, so that their sums may be added.

    The reporter is not among the conditions: whoever answers counts each request once, as in its readings.
    """

    side: Side
    alternatives: tuple[Conditions, ...]
    namespaces: tuple[str, ...]

    def fits(self, labels: EdgeLabels) -> bool:
        """Whether these labels belong to the subject."""
        return any(all(matcher.fits(labels) for matcher in each) for each in self.alternatives)


def of(
    graph_type: GraphType, item_id: str, known: Iterable[EdgeLabels] = (), home: str = HOME
) -> tuple[Subject, ...]:
    """The subjects of a node or edge, to be tried in this order until one has figures: a node shows what it
    receives, or what it sends if that is nothing. Empty for what cannot be: an id of no node or edge, and
    everything that has an end in `hidden`.

    `known` labels tell which callers stand behind a service in the graph of services. `home`: the cluster
    that ids do not name.
    """
    ends = _split(item_id)
    if ends is None and "->" in item_id:
        return ()
    if ends is None:
        received, sent = _reached(graph_type, item_id, home), _sender(graph_type, item_id, known, home)
        needed = {_namespace(item_id)}
        found = (_subject("received", received, needed), _subject("sent", sent, needed | _homes(sent)))
        return tuple(subject for subject in found if subject.alternatives)
    source, target, protocol = ends
    callers, called = _sender(graph_type, source, known, home), _reached(graph_type, target, home)
    pairs = tuple((*one, *other, protocol) for one in callers for other in called)
    # A call out of nowhere belongs to whom it reaches.
    needed = _homes(callers) if source == "unknown" else _homes(callers) | {_namespace(source)}
    return (_subject("edge", pairs, needed | {_namespace(target)}),) if pairs else ()


def _subject(side: Side, alternatives: tuple[Conditions, ...], needed: set[str]) -> Subject:
    return Subject(side, alternatives, tuple(sorted(needed)))


def _homes(callers: Iterable[Conditions]) -> set[str]:
    """The namespaces in which these callers are: a service may stand for callers in other namespaces."""
    every = (matcher for each in callers for matcher in each)
    homes = (each.values for each in every if each.label == "source_workload_namespace" and each.among)
    return {name for values in homes for name in values}


def _split(item_id: str) -> tuple[str, str, Matcher] | None:
    """Source, target and the condition on the protocol, if this is the id of an edge."""
    rest, colon, protocol = item_id.rpartition(":")
    source, arrow, target = rest.partition("->")
    if not (colon and arrow and source.startswith(_KINDS) and target.startswith(_KINDS)):
        return None
    others = ("grpc", "GRPC", "tcp", "TCP")
    if protocol == "http":
        return source, target, Matcher("request_protocol", others, among=False)
    return source, target, Matcher("request_protocol", (protocol, protocol.upper()))


def _parts(node_id: str) -> tuple[str, str, tuple[str, ...]]:
    """Kind, namespace, and the names that follow it."""
    if node_id == "unknown":
        return "unknown", "", ()
    kind, _, rest = node_id.partition(":")
    if kind == "unknown":
        return "", "", ()
    namespace, *names = rest.split("/", 2)
    return kind, namespace, tuple(names)


def _namespace(node_id: str) -> str:
    return _parts(node_id)[1]


def _reached(graph_type: GraphType, node_id: str, home: str) -> tuple[Conditions, ...]:
    """Which label sets reach a node in its cluster."""
    node_id, cluster = cluster_of(node_id)
    return _in(cluster or home, "destination_cluster", node_id, _target(graph_type, node_id), home)


def _sender(
    graph_type: GraphType, node_id: str, known: Iterable[EdgeLabels], home: str
) -> tuple[Conditions, ...]:
    """Which label sets a node sends from its cluster."""
    node_id, cluster = cluster_of(node_id)
    return _in(cluster or home, "source_cluster", node_id, _source(graph_type, node_id, known), home)


def _in(
    cluster: str, label: str, node_id: str, found: tuple[Conditions, ...], home: str
) -> tuple[Conditions, ...]:
    """These conditions, and that on the cluster: where none is told, it is the home cluster.

    A service is where workloads of its own namespace are; whatever else stands behind it counts at home.
    """
    kind, namespace, _ = _parts(node_id)
    if kind in ("unknown", "namespace") or not namespace:
        return found
    here = _is(label, "", home) if cluster == home else _is(label, cluster)
    if kind != "service":
        return tuple((*each, here) for each in found)
    place = label.replace("_cluster", "_workload_namespace")
    inside = tuple((*each, _is(place, "", namespace), here) for each in found)
    others = tuple((*each, _not(place, "", namespace)) for each in found) if cluster == home else ()
    return (*inside, *others)


def _target(graph_type: GraphType, node_id: str) -> tuple[Conditions, ...]:
    """Which label sets reach a node."""
    match _parts(node_id):
        case "unknown", _, ():
            empty = (*_SERVICE_NAMES, "destination_workload", "destination_canonical_service")
            return (tuple(_is(label, "") for label in empty),)
        case "service", namespace, (name,):
            none = () if graph_type == "service" else (_is("destination_workload", ""),)
            places = _place(namespace, "destination_service_namespace", "destination_workload_namespace")
            return tuple((*place, *named, *none) for place in places for named in _service_named(name))
        case "app" | "workload", namespace, (_, *_):
            own = _own(graph_type, node_id, "destination")
            places = _place(namespace, "destination_workload_namespace", "destination_service_namespace")
            return tuple(
                (*place, *own, *each) for place in places for each in _not_a_service(graph_type, own)
            )
        case "namespace", namespace, () if namespace:
            ends = ("destination_workload_namespace", "destination_service_namespace")
            return _place(namespace, *(reversed(ends) if graph_type == "service" else ends))
    return ()


def _source(graph_type: GraphType, node_id: str, known: Iterable[EdgeLabels]) -> tuple[Conditions, ...]:
    """Which label sets a node sends."""
    match _parts(node_id):
        case "unknown", _, ():
            return ((_is("source_workload", ""), _is("source_canonical_service", "")),)
        case "service", _, (_,) if graph_type == "service":
            return tuple(_behind(node_id, known))
        case "app", namespace, (app, *_) if graph_type == "service":
            drawn = _callers(known).get((namespace, app), node_id)
            return (_caller(namespace, app),) if drawn == node_id else ()
        case "app" | "workload", namespace, (_, *_):
            return ((_is("source_workload_namespace", namespace), *_own(graph_type, node_id, "source")),)
        case "namespace", namespace, () if namespace:
            sent = _is("source_workload_namespace", namespace)
            workload, service = "destination_workload_namespace", "destination_service_namespace"
            elsewhere = (_not(workload, "", namespace),), (_is(workload, ""), _not(service, namespace))
            return tuple((sent, *each) for each in elsewhere)
    return ()


def _own(graph_type: GraphType, node_id: str, end: str) -> Conditions:
    """The conditions on the app and version, or the workload, of one end."""
    kind, _, names = _parts(node_id)
    name, version = names[0], "/".join(names[1:])
    app, workload = f"{end}_canonical_service", f"{end}_workload"
    if kind == "workload":
        without_app = () if graph_type == "workload" else (_is(app, ""),)
        return (_is(workload, name), *without_app)
    if graph_type == "workload":
        return _is(app, name), _is(workload, "")
    if graph_type == "versioned_app":
        return _is(app, name), _is(f"{end}_canonical_revision", version)
    return (_is(app, name),)


_SERVICE_NAMES = ("destination_service_name", "destination_service")


def _not_a_service(graph_type: GraphType, own: Conditions) -> tuple[Conditions, ...]:
    """Where a request to a service is drawn to the service, others go to a workload or app."""
    nameless = tuple(_is(label, "") for label in _SERVICE_NAMES)
    if graph_type == "service":
        return (nameless,)
    if any(matcher.label == "destination_workload" for matcher in own):
        reaches = own[0].label == "destination_workload"
        return ((),) if reaches else (nameless,)
    return (_not("destination_workload", ""),), (_is("destination_workload", ""), *nameless)


def _service_named(name: str) -> tuple[Conditions, ...]:
    short, host = _SERVICE_NAMES
    return (_is(short, name),), (_is(short, ""), _is(host, name))


def _place(namespace: str, first: str, second: str) -> tuple[Conditions, ...]:
    """The namespace stands in one label, or in another where the first is empty."""
    if not namespace:
        return ((_is(first, ""), _is(second, "")),)
    return (_is(first, namespace),), (_is(first, ""), _is(second, namespace))


def _behind(service_id: str, known: Iterable[EdgeLabels]) -> Iterator[Conditions]:
    """The apps that one reaches by a service: what they send is sent by the service."""
    return (_caller(*each) for each, drawn in sorted(_callers(known).items()) if drawn == service_id)


def _callers(known: Iterable[EdgeLabels]) -> dict[tuple[str, str], str]:
    """By namespace and app of each caller, as which node the graph of services draws it."""
    known = tuple(known)
    directory = Directory(known, "service")
    callers = {(each.source_workload_namespace, each.source_canonical_service): each for each in known}
    return {
        caller: cluster_of(directory.ends(labels)[0].id)[0] for caller, labels in callers.items() if caller[1]
    }


def _caller(namespace: str, app: str) -> Conditions:
    return _is("source_workload_namespace", namespace), _is("source_canonical_service", app)


def _is(label: str, *values: str) -> Matcher:
    return Matcher(label, values)


def _not(label: str, *values: str) -> Matcher:
    return Matcher(label, values, among=False)
