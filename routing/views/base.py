"""What the acting pages have in common."""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from cluster.person import PersonCluster
from routing import stored
from telemetry import live


def traffic_of(person: PersonCluster) -> live.Traffic:
    """The live traffic, as far as somebody may see it."""
    return live.of(person.name, person.visible())


def may_not(person: PersonCluster, operations: Iterable[Mapping[str, Any]]) -> str:
    """Why this person may not do some of these (kept or shown) operations; empty when he may do all."""
    return next((reason for ask in map(stored.ask, operations) if (reason := person.why_not(ask))), "")


def targets_of(names: Any) -> list[dict[str, str]]:
    """Services named `namespace/service`, each once, as the templates link them."""
    pairs = dict.fromkeys(tuple(str(name).split("/", 1)) for name in names)
    return [{"namespace": pair[0], "service": pair[1]} for pair in pairs if len(pair) == 2]


def shell(body: object) -> str:
    """A request's body as an argument of a shell."""
    return shlex.quote(json.dumps(body, separators=(",", ":")))
