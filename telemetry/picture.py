"""What one view shows of one reading: folded where it is too much, cut to what was asked for, bounded. Pure.

All of it is decided from the graph of what the viewer may see: neither what is folded nor what is left out
tells of anything else.
"""

from collections.abc import Iterator

from telemetry.cut import bounded, members, neighbourhood
from telemetry.folding import MAX_DRAWN, NOT_FOLDED, Folding, choose, place_of
from telemetry.graph import Graph, within
from telemetry.identity import folded_into
from telemetry.observation import GraphKey, Observation
from telemetry.snapshot import Snapshot, View


def picture(
    observation: Observation, view: View, before: Snapshot | None = None, *, limit: int = MAX_DRAWN
) -> Snapshot:
    """The view as of a reading, folded above `limit` nodes.

    `before`: the same a tick ago, so that what hardly changed looks the same.
    """
    folding = _folding(observation, view, before.folding if before else NOT_FOLDED, limit)
    shown, left_out = bounded(
        _shown(observation, view, folding), view.unfold, before.edges.keys() if before else ()
    )
    return Snapshot.of(observation.seq, observation.taken_at, view, shown, folding=folding, left_out=left_out)


def keys_of(view: View, last: Snapshot | None) -> Iterator[GraphKey]:
    """The graphs that the view's next picture is made of, if it folds as in the last one."""
    yield GraphKey(view.graph_type, view.visible, NOT_FOLDED, view.idle)
    if last and last.folding != NOT_FOLDED:
        yield GraphKey(view.graph_type, view.visible, last.folding, view.idle)


def _folding(observation: Observation, view: View, before: Folding, limit: int) -> Folding:
    whole = observation.graph(view.graph_type, view.visible, NOT_FOLDED, view.idle)
    found = members(within(whole, view.namespaces))
    unfold, drawn = view.unfold, None
    if view.focus:
        # What is near depends on what is folded: only the picture itself says how much would be drawn.
        by_hand = choose(found, view.fold, limit=len(whole.nodes))
        drawn = len(_shown(observation, view, by_hand).nodes)
        focused = whole.nodes.get(view.focus)
        unfold = (*unfold, place_of(focused.kind, focused.namespace)) if focused else unfold
    return choose(found, view.fold, unfold, named=view.namespaces, drawn=drawn, before=before, limit=limit)


def _shown(observation: Observation, view: View, folding: Folding) -> Graph:
    graph = within(observation.graph(view.graph_type, view.visible, folding, view.idle), view.namespaces)
    return neighbourhood(graph, _focus(observation, view, folding), view.depth) if view.focus else graph


def _focus(observation: Observation, view: View, folding: Folding) -> str:
    """The node that the view looks at, or the one that it is folded into."""
    whole = observation.graph(view.graph_type, view.visible, NOT_FOLDED, view.idle)
    node = whole.nodes.get(view.focus)
    group = folding.group(node.kind, node.namespace) if node else ""
    return folded_into(group).id if group else view.focus
