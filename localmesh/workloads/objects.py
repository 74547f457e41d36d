"""Small pure helpers over Kubernetes objects as plain dictionaries."""

import hashlib
import json
import random
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

Object = dict[str, Any]

# Kubernetes's own alphabet for generated names: no vowels, no digits that look like letters.
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


def name(obj: Object) -> str:
    """`metadata.name`."""
    return str(obj["metadata"]["name"])


def namespace(obj: Object) -> str:
    """`metadata.namespace`, empty for cluster-wide objects."""
    return str(obj["metadata"].get("namespace", ""))


def uid(obj: Object) -> str:
    """`metadata.uid`."""
    return str(obj["metadata"]["uid"])


def labels(obj: Object) -> dict[str, str]:
    """`metadata.labels`."""
    return obj["metadata"].get("labels") or {}


def annotations(obj: Object) -> dict[str, str]:
    """`metadata.annotations`."""
    return obj["metadata"].get("annotations") or {}


def spec(obj: Object) -> Object:
    """`spec`, empty where there is none."""
    return obj.get("spec") or {}


def status(obj: Object) -> Object:
    """`status`, empty where there is none."""
    return obj.get("status") or {}


def terminating(obj: Object) -> bool:
    """Whether the object is being deleted."""
    return bool(obj["metadata"].get("deletionTimestamp"))


def controller_of(obj: Object) -> Object | None:
    """The owner reference of the controller, if any."""
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return dict(owner)
    return None


def controlled_by(obj: Object, owner: Object) -> bool:
    """Whether `owner` controls `obj`."""
    reference = controller_of(obj)
    return reference is not None and reference.get("uid") == uid(owner)


def owner_reference(owner: Object) -> Object:
    """The reference by which `owner` controls another object."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": name(owner),
        "uid": uid(owner),
        "controller": True,
        "blockOwnerDeletion": True,
    }


def condition(obj: Object, kind: str) -> Object | None:
    """The status condition of a type."""
    return next((each for each in status(obj).get("conditions") or () if each.get("type") == kind), None)


def is_true(obj: Object, kind: str) -> bool:
    """Whether a status condition is "True"."""
    found = condition(obj, kind)
    return found is not None and found.get("status") == "True"


def with_condition(old: Iterable[Object], new: Object, now: str) -> list[Object]:
    """The conditions with `new` put in; its lastTransitionTime moves only when its status does."""
    kept = list(old)
    before = next((each for each in kept if each["type"] == new["type"]), None)
    same = before is not None and before["status"] == new["status"]
    entry = {**new, "lastTransitionTime": before["lastTransitionTime"] if before and same else now}
    if before is None:
        return [*kept, entry]
    return [entry if each is before else each for each in kept]


def timestamp(moment: datetime) -> str:
    """RFC 3339 in whole seconds, as Kubernetes writes it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_since(text: str, now: datetime) -> float:
    """Seconds from an RFC 3339 time to `now`."""
    return (now - datetime.fromisoformat(text)).total_seconds()


def digest(value: object, length: int = 10) -> str:
    """A short, stable name for a JSON value, in Kubernetes's alphabet."""
    number = int.from_bytes(hashlib.sha256(json.dumps(value, sort_keys=True).encode()).digest())
    return "".join(_ALPHABET[number // len(_ALPHABET) ** place % len(_ALPHABET)] for place in range(length))


def suffix(rng: random.Random, length: int = 5) -> str:
    """A random ending for a generated name."""
    return "".join(rng.choices(_ALPHABET, k=length))
