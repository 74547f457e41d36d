"""Stored objects as bytes, in the order of their keys, and what lists under way still hold of former moments.

Records are immutable, so a list can be kept by holding on to its records. It knows no disk and no HTTP.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from localmesh.apiserver.kinds import Resource

Object = dict[str, Any]
Clock = Callable[[], datetime]

decode: Callable[[bytes], Object] = msgspec.json.Decoder(dict[str, Any]).decode
encode = msgspec.json.Encoder().encode

#: How long a list under way can be gone on with, as long as a cluster keeps what it has compacted by default.
KEPT_FOR = timedelta(minutes=5)
#: How many records lists under way may hold together; the oldest list goes first.
MAX_KEPT_RECORDS = 400_000


class Record(msgspec.Struct, frozen=True, gc=False):
    """One stored object: its JSON, and what is needed to find it without decoding.

    The garbage collector need not look at tens of thousands of them: they refer to nothing but texts.
    """

    raw: bytes
    namespace: str
    name: str
    uid: str
    resource_version: int
    labels: dict[str, str]
    owners: tuple[str, ...]

    @classmethod
    def of(cls, obj: Object, raw: bytes) -> "Record":
        """The record of an object that is complete; `raw` is its JSON."""
        meta = obj["metadata"]
        return cls(
            raw=raw,
            namespace=meta.get("namespace", ""),
            name=meta["name"],
            uid=meta["uid"],
            resource_version=int(meta["resourceVersion"]),
            labels=dict(meta.get("labels") or {}),
            owners=tuple(owner.get("uid", "") for owner in meta.get("ownerReferences") or ()),
        )

    @property
    def object(self) -> Object:
        """The object, decoded anew."""
        return decode(self.raw)

    @property
    def key(self) -> str:
        """Its place in a list, which is ordered by it: as etcd orders keys."""
        return f"{self.namespace}/{self.name}"


class Collection:
    """The records of one resource, by namespace and name."""

    def __init__(self) -> None:
        self._spaces: dict[str, dict[str, Record]] = {}

    def get(self, namespace: str, name: str) -> Record | None:
        """One record."""
        return self._spaces.get(namespace, {}).get(name)

    def put(self, record: Record) -> None:
        """Add a record, in place of one of its name."""
        self._spaces.setdefault(record.namespace, {})[record.name] = record

    def remove(self, record: Record) -> None:
        """Remove the record of that name."""
        space = self._spaces[record.namespace]
        del space[record.name]
        if not space:
            del self._spaces[record.namespace]

    def namespaces(self) -> set[str]:
        """The namespaces that hold any."""
        return set(self._spaces)

    def ordered(self, namespace: str | None = None) -> list[Record]:
        """All records, or those of one namespace, in the order of their keys."""
        spaces = sorted(self._spaces, key=lambda name: f"{name}/") if namespace is None else [namespace]
        return [record for name in spaces for record in self._of(name)]

    def _of(self, namespace: str) -> Iterator[Record]:
        space = self._spaces.get(namespace, {})
        return (space[name] for name in sorted(space))


class Moments:
    """What collections held when a list of them began, so that its later pages tell of the same moment."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[tuple[Resource, str | None, int], tuple[datetime, list[Record]]]
        self._kept = OrderedDict()

    def keep(self, resource: Resource, namespace: str | None, revision: int, records: list[Record]) -> None:
        """Keep a list for some minutes."""
        self._drop_old()
        self._kept.setdefault((resource, namespace, revision), (self._clock(), records))
        while len(self._kept) > 1 and sum(len(held) for _, held in self._kept.values()) > MAX_KEPT_RECORDS:
            self._kept.popitem(last=False)

    def at(self, resource: Resource, namespace: str | None, revision: int) -> list[Record] | None:
        """The list that was kept at a revision; None where it was not, or is not any more."""
        self._drop_old()
        held = self._kept.get((resource, namespace, revision))
        return held[1] if held else None

    def clear(self) -> None:
        """Forget all."""
        self._kept.clear()

    def _drop_old(self) -> None:
        oldest = self._clock() - KEPT_FOR
        while self._kept and next(iter(self._kept.values()))[0] < oldest:
            self._kept.popitem(last=False)
