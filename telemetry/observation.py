"""One reading of the mesh, and the graphs that are made of it: one for all who may see the same. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from cluster.access import Visible
from telemetry.building import build, kept
from telemetry.cut import counted
from telemetry.flows import Flow
from telemetry.folding import NOT_FOLDED, Folding
from telemetry.graph import GRAPH_TYPES, Graph, Limits
from telemetry.identity import GraphType
from telemetry.layout import Plan
from telemetry.memory import Memory
from telemetry.reporting import Preference, Reporting
from telemetry.roster import NOBODY, Roster, with_idle
from telemetry.samples import Samples
from telemetry.table import table_of


class GraphKey(NamedTuple):
    """What makes one graph of a reading another than the next: its type, who may see it (None: who may see
    everything), what is folded in it, and whether it shows what has no traffic.
    """

    graph_type: GraphType
    visible: Visible = None
    folded: Folding = NOT_FOLDED
    idle: bool = False


class Observation:
    """One reading of the mesh. Other threads read it as they please: it only ever adds graphs.

    `memory`: what is kept from one reading of the same source to the next.

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
        roster: Roster = NOBODY,
        memory: Memory | None = None,
    ) -> None:
        self.seq = seq
        self.taken_at = taken_at
        self.began_at = began_at
        self.samples = samples
        self._limits = limits or Limits()
        self._roster = roster
        self._memory = memory or Memory()
        register = self._memory.register_for(samples)
        self.reporting = Reporting(samples, preference, register)
        self._table = table_of(samples, self.reporting, register)
        self._rows = kept(self._table, self._limits)
        self._built: dict[GraphKey, Graph] = {}

    @property
    def flows(self) -> Iterator[Flow]:
        """Who called whom, unredacted: requests and errors, and nothing else of each flow."""
        table = self._table
        columns = (table.requests.tolist(), table.errors.tolist(), table.idle_seconds.tolist())
        for labels, requests, errors, idle in zip(table.labels, *columns, strict=True):
            yield Flow(labels, requests, errors, {}, None, idle)

    @property
    def calls(self) -> int:
        """How many calls there are, in one label set each."""
        return len(self._rows)

    def graph(
        self,
        graph_type: GraphType,
        visible: Visible = None,
        folded: Folding = NOT_FOLDED,
        idle: bool = False,  # noqa: FBT001, FBT002  one of the four parts of a key
    ) -> Graph:
        """The graph of this key; built when it is first asked for."""
        key = GraphKey(graph_type, visible, folded, idle)
        built = self._built.get(key)
        if built is None:
            # Two threads may build the same: it costs, and does no harm.
            built = self._built[key] = self._build(key)
        return built

    def _build(self, key: GraphKey) -> Graph:
        if key.idle:
            graph = self._with_idle(key)
        else:
            plan = Plan(key.graph_type, key.visible, key.folded, self._limits.home)
            layout = self._memory.layout(self._table, self._rows, plan)
            graph = build(self._table, self._rows, layout, self._limits)
        if key.folded == NOT_FOLDED:
            return graph
        return counted(graph, self.graph(*key._replace(folded=NOT_FOLDED)), key.folded)

    def _with_idle(self, key: GraphKey) -> Graph:
        graph_type, visible, folded, _ = key
        traffic = self.graph(*key._replace(idle=False))
        return with_idle(traffic, self._roster, graph_type, visible, home=self._limits.home, folded=folded)

    @property
    def graphs(self) -> dict[GraphType, Graph]:
        """The graphs of all types, unredacted."""
        return {each: self.graph(each) for each in GRAPH_TYPES}
