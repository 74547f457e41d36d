"""What the REST interface says of the past, for the Bookinfo of `feed`: an hour of it, with one change.

Before the change reviews v3 is fast; after it, slow and failing, and ratings v2 is called as well.
"""

from datetime import UTC, datetime, timedelta

from tests.graph_page.feed import PRODUCTPAGE, RATINGS, REVIEWS, edge, edge_id, iso, node, now

RATINGS_2 = RATINGS.replace("/v1", "/v2")
TO_V3 = edge_id(PRODUCTPAGE, REVIEWS[2])
TO_RATINGS_2 = edge_id(REVIEWS[2], RATINGS_2)
GONE = {"error": {"code": "not_found", "message": "Nothing is kept of that time: the history begins later."}}
AWAY = {"error": {"code": "unavailable", "message": "Prometheus does not answer."}}


class Past:
    """An hour of history, a change 20 minutes ago and a fault from 10 to 8 minutes ago."""

    def __init__(self, feed):
        self.feed = feed
        self.now = now().replace(microsecond=0)
        self.earliest = self.now - timedelta(hours=1)
        self.changed_at = self.now - timedelta(minutes=20)
        self.asked = []
        self.away = False
        self.marks_shown = True

    def answers(self):
        return {
            "history": self.history,
            "graph": self.graph,
            "graph/comparison": self.comparison,
            "figures": self.figures,
            "marks": self.marks,
        }

    def history(self, query):
        if self.away:
            return 503, AWAY
        latest = now()
        return 200, {
            "earliest": iso(self.earliest),
            "latest": iso(latest),
            "step_seconds": 1,
            "source": "direct",
        }

    def graph(self, query):
        self.asked.append(query)
        moment = _moment(query["at"])
        if self.away:
            return 503, AWAY
        if moment < self.earliest:
            return 404, GONE
        nodes, edges = self._state(moment)
        frame = self.feed.full(query["graph_type"], filter(None, query.get("namespaces", "").split(",")))
        del frame["type"], frame["notice"]
        return 200, {**frame, "taken_at": iso(moment), "nodes": nodes, "edges": edges}

    def _state(self, moment):
        nodes, edges = dict(self.feed.nodes), dict(self.feed.edges)
        # Each minute has a number of its own, so that a test can tell them apart.
        rps = 5 + (moment - self.earliest) // timedelta(minutes=1)
        if moment < self.changed_at:
            edges[TO_V3] = edge(PRODUCTPAGE, REVIEWS[2], rps, p95=30.0, share=0.2)
        else:
            edges[TO_V3] = edge(PRODUCTPAGE, REVIEWS[2], rps, p95=900.0, share=0.2, error_ratio=0.2)
            nodes[RATINGS_2] = node(RATINGS_2, 2.0)
            edges[TO_RATINGS_2] = edge(REVIEWS[2], RATINGS_2, 2.0)
        return list(nodes.values()), list(edges.values())

    def comparison(self, query):
        self.asked.append(query)
        before, after = self._state(_moment(query["before"])), self._state(_moment(query["after"]))
        nodes = _pairs(before[0], after[0], ("kind", "namespace", "app", "version", "workload", "service"))
        edges = _pairs(before[1], after[1], ("source", "target", "protocol"))
        return 200, {"before": query["before"], "after": query["after"], "nodes": nodes, "edges": edges}

    def figures(self, query):
        self.asked.append(query)
        since, until = _moment(query["since"]), _moment(query["until"])
        seconds = (until - since).total_seconds()
        step = max(1, seconds // 300)
        t = [since.timestamp() + step * (i + 1) for i in range(int(seconds // step))]
        bad = [0.5 if at > self.changed_at.timestamp() else 0.0 for at in t]
        return 200, {
            "id": query["id"],
            "since": iso(since),
            "until": iso(until),
            "step_seconds": step,
            "t": t,
            "codes": {"200": [8.0 + at % 7 / 5 for at in t], "503": bad},
            "errors": bad,
            "p50": [10.0 + 100 * each for each in bad],
            "p95": [30.0 + 900 * each for each in bad],
            "p99": [None if i % 50 == 3 else 60.0 + 1900 * each for i, each in enumerate(bad)],
            "heat": {
                "edges_ms": [5, 10, 25, 50, 100, 250, 500, 1000, None],
                "per_second": [[max(0.0, 4 - abs(k - 2 - 8 * each)) for each in bad] for k in range(9)],
            },
            "sent_bytes": [4000.0] * len(t),
            "received_bytes": [52_000.0] * len(t),
        }

    def marks(self, query):
        if not self.marks_shown:
            return 200, {"marks": []}
        where = {"namespace": "bookinfo", "service": "reviews", "by": "ada"}
        fault = self.now - timedelta(minutes=10)
        found = [
            {
                "at": iso(self.changed_at),
                "until": None,
                "kind": "change",
                "title": "20 % to v3",
                "url": "/changes/7/",
            },
            {
                "at": iso(fault),
                "until": iso(fault + timedelta(minutes=2)),
                "kind": "fault",
                "title": "abort 50 % with 503",
                "url": "/changes/8/",
            },
        ]
        return 200, {"marks": [mark | where for mark in found]}


def _pairs(before, after, names):
    old, new = ({one["id"]: one for one in each} for each in (before, after))
    pairs = []
    for key in sorted({*old, *new}):
        known = new.get(key) or old[key]
        both = {"before": _figures(old.get(key)), "after": _figures(new.get(key))}
        pairs.append({"id": key} | {name: known[name] for name in names} | both)
    return pairs


def _figures(one):
    if one is None:
        return None
    latency = one.get("latency_ms", {"p50": None, "p95": None, "p99": None})
    return (
        {name: one[name] for name in ("requests_per_second", "error_ratio", "health")}
        | latency
        | {"bytes_per_second": 0.0}
    )


def _moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)
