"""Frames of synthetic meshes as the socket sends them, for the browser: the same ones on every run. Pure."""

import random
from collections.abc import Iterator
from typing import Any, Final

Frame = dict[str, Any]
TAKEN_AT: Final = "2026-01-01T12:00:00.000Z"
SOURCE: Final = {
    "name": "bench",
    "state": "ok",
    "since": None,
    "message": "",
    "taken_at": TAKEN_AT,
    "window_seconds": 10,
}
INSIDE: Final = 0.75
"""The part of the calls that stay in their namespace."""
BACK: Final = 0.04
"""The part of the calls that go against the stream, so that there are circles as in any real mesh."""


def folded(nodes: int, edges: int, seed: int = 1) -> Frame:
    """A view of namespaces only, each folded into one node."""
    dice = random.Random(seed)
    names = [f"team-{number:03}" for number in range(nodes)]
    drawn = [
        _node(f"namespace:{name}", "namespace", name, dice, members=dice.randint(5, 80)) for name in names
    ]
    return _full(drawn, _calls(drawn, edges, dice, lambda _: True), folded=names)


def unfolded(nodes: int, edges: int, seed: int = 2, namespaces: int = 40) -> Frame:
    """A view of versions in namespaces, none of which is folded; of every fourth app there are two versions."""
    dice = random.Random(seed)
    drawn = []
    for number in range(nodes):
        app, version = (number - 1, "v2") if number % 4 == 1 else (number, "v1")
        namespace = f"team-{app * namespaces // nodes:03}"
        drawn.append(_node(f"app:{namespace}/service-{app:04}/{version}", "app", namespace, dice))
        drawn[-1] |= {"app": f"service-{app:04}", "version": version}
    return _full(drawn, _calls(drawn, edges, dice, lambda draw: draw < INSIDE), folded=[])


def deltas(full: Frame, part: float, seed: int = 3) -> Iterator[Frame]:
    """Frames without end after a full one, in each of which a part (0-1) of the edges has new numbers."""
    dice = random.Random(seed)
    seq = full["seq"]
    changing = max(1, round(part * len(full["edges"])))
    while True:
        edges = [_with_numbers(edge, dice) for edge in dice.sample(full["edges"], changing)]
        nodes = [_with_numbers(node, dice) for node in dice.sample(full["nodes"], min(changing, 20))]
        yield {
            "type": "delta",
            "seq": seq + 1,
            "base": seq,
            "taken_at": TAKEN_AT,
            "source": SOURCE,
            "nodes": {"set": nodes, "remove": []},
            "edges": {"set": edges, "remove": []},
        }
        seq += 1


def joined(full: Frame, seq: int) -> Frame:
    """The delta after the one numbered `seq` in which one node joins, called by another one."""
    old = full["nodes"][len(full["nodes"]) // 2]
    new = old | {"id": f"{old['id']}-new", "app": f"{old['app']}-new", "namespace": old["namespace"]}
    edge = _edge(old, new, random.Random(4))
    return {
        "type": "delta",
        "seq": seq + 1,
        "base": seq,
        "taken_at": TAKEN_AT,
        "source": SOURCE,
        "nodes": {"set": [new], "remove": []},
        "edges": {"set": [edge], "remove": []},
    }


def _full(nodes: list[Frame], edges: list[Frame], folded: list[str]) -> Frame:
    return {
        "type": "full",
        "notice": "",
        "seq": 1,
        "taken_at": TAKEN_AT,
        "graph_type": "versioned_app",
        "namespaces": [],
        "source": SOURCE,
        "tick_seconds": 1.0,
        "nodes": nodes,
        "edges": edges,
        "folded": folded,
        "left_out": {"nodes": 0, "edges": 0},
    }


def _calls(nodes: list[Frame], wanted: int, dice: random.Random, inside: Any) -> list[Frame]:
    """Different calls, mostly from a node to a later one that is not far."""
    places: dict[str, list[int]] = {}
    for index, node in enumerate(nodes):
        places.setdefault(node["namespace"], []).append(index)
    found: dict[tuple[int, int], Frame] = {}
    for target in range(1, len(nodes)):
        found[(target - 1) // 3, target] = _edge(nodes[(target - 1) // 3], nodes[target], dice)
    while len(found) < wanted:
        source = dice.randrange(len(nodes))
        near = places[nodes[source]["namespace"]] if inside(dice.random()) else range(len(nodes))
        if len(near) < 2:
            near = range(len(nodes))
        target = dice.choice(near)
        if source == target:
            continue
        if (source > target) != (dice.random() < BACK):
            source, target = target, source
        found.setdefault((source, target), _edge(nodes[source], nodes[target], dice))
    return list(found.values())


def _node(node_id: str, kind: str, namespace: str, dice: random.Random, members: int = 0) -> Frame:
    bare = {
        "id": node_id,
        "kind": kind,
        "namespace": namespace,
        "app": "",
        "version": "",
        "workload": "",
        "service": "",
        "cluster": "",
        "members": members,
        "bytes_per_second": 0.0,
        "latency_ms": {"p50": None, "p95": None, "p99": None},
    }
    return _with_numbers(bare, dice)


def _edge(source: Frame, target: Frame, dice: random.Random) -> Frame:
    protocol = dice.choice(("http", "http", "http", "grpc", "tcp"))
    bare = {
        "id": f"{source['id']}->{target['id']}:{protocol}",
        "source": source["id"],
        "target": target["id"],
        "protocol": protocol,
        "latency_ms": {"p50": 4.0, "p95": 21.0, "p99": 80.0},
        "share": 1.0,
        "response_flags": {},
        "sent_bytes_per_second": 0.0,
        "received_bytes_per_second": 0.0,
        "messages_per_second": 0.0,
        "connections_per_second": 0.0,
        "mtls": None,
    }
    return _with_numbers(bare, dice)


def _with_numbers(item: Frame, dice: random.Random) -> Frame:
    """The same with a rate between 0.1 and 1,000, and now and then with errors."""
    tcp = item.get("protocol") == "tcp"
    error_ratio = dice.choice((0.0,) * 16 + (0.004, 0.02, 0.12))
    health = "failing" if error_ratio > 0.05 else "degraded" if error_ratio > 0.01 else "ok"
    numbers: Frame = {
        "requests_per_second": 0.0 if tcp else float(f"{10 ** dice.uniform(-1, 3):.3g}"),
        "error_ratio": 0.0 if tcp else error_ratio,
        "health": "ok" if tcp else health,
    }
    if tcp:
        numbers["sent_bytes_per_second"] = float(f"{10 ** dice.uniform(2, 6):.3g}")
    return item | numbers
