"""One reading of the mesh, and the graphs that are made of it: one for all who may see the same. Pure."""

from cluster.access import Visible
from telemetry.flows import flows
from telemetry.graph import GRAPH_TYPES, Graph, Limits, build_for
from telemetry.identity import GraphType
from telemetry.reporting import Preference, Reporting
from telemetry.samples import Samples


class Observation:
    """One reading of the mesh. Other threads read it as they please: it only ever adds graphs.

    `taken_at`: seconds since the epoch; `began_at`: when the reading began, on the collector's monotonic
    clock.
    """

    def __init__(
        self,
        seq: int,
        taken_at: float,
        began_at: float,
        samples: Samples,
        limits: Limits | None = None,
        *,
        preference: Preference = "caller",
    ) -> None:
        self.seq = seq
        self.taken_at = taken_at
        self.began_at = began_at
        self.samples = samples
        self._limits = limits
        self.reporting = Reporting(samples, preference)
        self._flows = flows(samples, self.reporting)
        self._built: dict[tuple[GraphType, Visible], Graph] = {}

    def graph(self, graph_type: GraphType, visible: Visible = None) -> Graph:
        """The graph for who may see these namespaces (None: all); built when it is first asked for."""
        key = graph_type, visible
        built = self._built.get(key)
        if built is None:
            # Two threads may build the same: it costs, and does no harm.
            built = self._built[key] = build_for(self._flows, graph_type, visible, self._limits)
        return built

    @property
    def graphs(self) -> dict[GraphType, Graph]:
        """The graphs of all types, unredacted."""
        return {each: self.graph(each) for each in GRAPH_TYPES}
