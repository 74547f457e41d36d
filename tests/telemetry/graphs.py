"""Graphs of a reading in one call, for tests."""

from collections.abc import Collection

from cluster.access import Visible
from telemetry.folding import NOT_FOLDED, Folding
from telemetry.graph import Graph, Limits, within
from telemetry.identity import GraphType
from telemetry.observation import Observation
from telemetry.reporting import Preference
from telemetry.samples import Samples


def build(
    samples: Samples,
    graph_type: GraphType,
    namespaces: Collection[str] = (),
    limits: Limits | None = None,
    *,
    preference: Preference = "caller",
    visible: Visible = None,
    folded: Folding = NOT_FOLDED,
) -> Graph:
    """The graph of the samples; with namespaces, only what has an end in one of them."""
    observation = Observation(1, samples.taken_at, 0.0, samples, limits, preference=preference)
    return within(observation.graph(graph_type, visible, folded), namespaces)
