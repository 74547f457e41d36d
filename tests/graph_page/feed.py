"""Frames as the console's socket sends them, for a Bookinfo that a test turns by hand."""

import itertools
from copy import deepcopy
from datetime import UTC, datetime, timedelta

INGRESS = "app:bookinfo/bookinfo-gateway-istio/latest"
PRODUCTPAGE = "app:bookinfo/productpage/v1"
DETAILS = "app:bookinfo/details/v1"
REVIEWS = [f"app:bookinfo/reviews/v{n}" for n in (1, 2, 3)]
RATINGS = "app:bookinfo/ratings/v1"
REVIEWS_SERVICE = "service:bookinfo/reviews"


def edge_id(source, target, protocol="http"):
    return f"{source}->{target}:{protocol}"


def node(node_id, rps=0.0, error_ratio=0.0, health="ok"):
    kind, _, rest = node_id.partition(":")
    parts = [*rest.split("/"), "", "", ""]
    is_service = kind == "service"
    return {
        "id": node_id,
        "kind": kind,
        "namespace": parts[0],
        "app": parts[1],
        "version": parts[2],
        "workload": "" if is_service else "-".join(filter(None, parts[1:3])),
        "service": parts[1] if is_service or parts[1] != "bookinfo-gateway-istio" else "",
        "requests_per_second": rps,
        "error_ratio": error_ratio,
        "health": health,
    }


def edge(source, target, rps, *, p95=20.0, share=1.0, error_ratio=0.0, flags=None, protocol="http"):
    known = p95 is not None
    health = "failing" if error_ratio > 0.05 else "degraded" if error_ratio > 0.01 else "ok"
    return {
        "id": edge_id(source, target, protocol),
        "source": source,
        "target": target,
        "protocol": protocol,
        "requests_per_second": rps,
        "error_ratio": error_ratio,
        "latency_ms": {
            "p50": p95 / 2 if known else None,
            "p95": p95,
            "p99": p95 * 1.5 if known else None,
        },
        "share": share,
        "response_flags": flags or {},
        "health": health if rps else "idle",
    }


def now():
    return datetime.now(UTC)


def iso(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Feed:
    """Numbers its frames as the hub does, and remembers what is in the graph."""

    def __init__(self, tick_seconds=1.0):
        self.tick_seconds = tick_seconds
        self.seq = 0
        self.nodes = {}
        self.edges = {}
        self.taken_at = now()

    def source(self, state="ok", message="", since=None):
        return {
            "name": "direct",
            "state": state,
            "since": since and iso(since),
            "message": message,
            "taken_at": iso(self.taken_at),
            "window_seconds": 10,
        }

    def answer(self, subscribe):
        """The full frame of what somebody asked for."""
        return self.full(subscribe["graph_type"], subscribe["namespaces"])

    def full(self, graph_type="versioned_app", namespaces=(), notice="", **source):
        self.seq += 1
        return {
            "type": "full",
            "notice": notice,
            "seq": self.seq,
            "taken_at": iso(self.taken_at),
            "graph_type": graph_type,
            "namespaces": list(namespaces),
            "source": self.source(**source),
            "tick_seconds": self.tick_seconds,
            "nodes": deepcopy(list(self.nodes.values())),
            "edges": deepcopy(list(self.edges.values())),
        }

    def delta(self, *, nodes=(), edges=(), gone=()):
        """The next frame: what is set, and what is gone (ids of nodes or edges)."""
        self.taken_at = now()
        base, self.seq = self.seq, self.seq + 1
        self._take(nodes, edges, gone)
        return {
            "type": "delta",
            "seq": self.seq,
            "base": base,
            "taken_at": iso(self.taken_at),
            "source": self.source(),
            "nodes": {"set": list(nodes), "remove": [one for one in gone if "->" not in one]},
            "edges": {"set": list(edges), "remove": [one for one in gone if "->" in one]},
        }

    def _take(self, nodes, edges, gone):
        self.nodes.update({one["id"]: one for one in nodes})
        self.edges.update({one["id"]: one for one in edges})
        for one in gone:
            self.nodes.pop(one, None)
            self.edges.pop(one, None)

    def stale(self, message="direct: no proxy answered"):
        return {"type": "status", "notice": "", "source": self.source("stale", message, since=now())}

    def series(self, subject, *, seconds=120, reset=True):
        end = int(self.taken_at.timestamp())
        moments = list(range(end - seconds + 1, end + 1))
        wave = list(itertools.islice(itertools.cycle([9.8, 10.1, 10.4, 9.9, 10.0]), len(moments)))
        return {
            "type": "series",
            "id": subject,
            "reset": reset,
            "step_seconds": 1,
            "t": moments,
            "requests": wave,
            "errors": [0.1] * len(moments),
            "p50": [9.0 + rps / 10 for rps in wave],
            "p95": [18.0 + rps / 5 for rps in wave],
            "p99": [None if i % 7 == 3 else 31.0 + rps / 3 for i, rps in enumerate(wave)],
        }


def bookinfo(tick_seconds=1.0):
    """Twenty requests a second through the whole of Bookinfo; reviews at 80 % v1 and 20 % v3."""
    feed = Feed(tick_seconds)
    feed.taken_at = now() - timedelta(milliseconds=100)
    feed._take(
        [
            node(INGRESS, 20.1),
            node(PRODUCTPAGE, 20.1, 0.002),
            node(DETAILS, 20.0),
            node(REVIEWS[0], 16.1),
            node(REVIEWS[2], 4.02, 0.021, "degraded"),
            node(RATINGS, 4.02, 0.12, "failing"),
        ],
        [
            edge(INGRESS, PRODUCTPAGE, 20.1, p95=62.0, error_ratio=0.002),
            edge(PRODUCTPAGE, DETAILS, 20.0, p95=8.4),
            edge(PRODUCTPAGE, REVIEWS[0], 16.1, p95=18.0, share=0.8),
            edge(PRODUCTPAGE, REVIEWS[2], 4.02, p95=47.0, share=0.2, error_ratio=0.021),
            edge(REVIEWS[2], RATINGS, 4.02, p95=2040.0, error_ratio=0.12, flags={"FI": 0.482}),
        ],
        (),
    )
    return feed
