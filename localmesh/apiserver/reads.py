"""Answers to reads on the wire: objects, lists, tables, and the events of a watch as its follower sees them.

Lists come in pieces, so that a large one neither stands in memory as a whole nor holds up the event loop.
Stored bytes are joined, not decoded, wherever nothing has to look inside.
"""

from collections.abc import Iterable, Iterator, Mapping

from localmesh.apiserver import tables
from localmesh.apiserver.listing import Page, Selection
from localmesh.apiserver.records import Clock, Object, Record, decode, encode
from localmesh.apiserver.requests import Accepted, Target
from localmesh.apiserver.watches import Event

#: The size from which a piece of a list is sent, in bytes.
_PIECE_BYTES = 256 * 1024
#: How many rows or metadata a piece holds: each costs a decoding, some tenths of a millisecond for a pod.
_PIECE_ITEMS = 50


class Form:
    """The form in which a client wants objects: as they are, their metadata, or as a table.

    Raises `BadRequest` for an `includeObject` that is not known.
    """

    def __init__(self, target: Target, accepted: Accepted, query: Mapping[str, str], clock: Clock) -> None:
        self._target = target
        self._kind = accepted.kind
        self._include = tables.checked_include(query.get("includeObject", ""))
        self._clock = clock

    def one(self, raw: bytes) -> bytes:
        """One object, given as it is served."""
        if self._kind == "Table":
            obj = decode(raw)
            metadata = {"resourceVersion": obj["metadata"].get("resourceVersion", "")}
            return encode({**tables.head(self._target.resource, metadata), "rows": self._rows([obj])})
        return encode(tables.partial(decode(raw))) if self._kind.startswith("Partial") else raw

    def many(self, found: Page) -> Iterator[bytes]:
        """A page as a list, in pieces."""
        target = self._target
        if self._kind == "Table":
            yield from _pieces(tables.head(target.resource, found.metadata), "rows", self._in_rows(found))
        elif self._kind == "PartialObjectMetadataList":
            head: Object = {"kind": self._kind, "apiVersion": "meta.k8s.io/v1", "metadata": found.metadata}
            yield from _pieces(head, "items", self._in_metadata(found))
        else:
            head = {"kind": target.resource.list_kind, "apiVersion": target.api_version}
            items = _joined(served(target, each.raw) for each in found.records)
            yield from _pieces({**head, "metadata": found.metadata}, "items", items)

    def _in_rows(self, found: Page) -> Iterator[bytes]:
        for records in _slices(found.records):
            objects = [decode(served(self._target, each.raw)) for each in records]
            yield encode(self._rows(objects))[1:-1]

    def _in_metadata(self, found: Page) -> Iterator[bytes]:
        for records in _slices(found.records):
            yield encode([tables.partial(decode(each.raw)) for each in records])[1:-1]

    def _rows(self, objects: list[Object]) -> list[Object]:
        return tables.rows(self._target.resource, objects, self._clock(), self._include)


def _pieces(head: Object, member: str, items: Iterator[bytes]) -> Iterator[bytes]:
    """A JSON object with one large list: `items` gives the list's inside, comma by comma."""
    opening = encode(head)[:-1] + f',"{member}":['.encode()
    between = b""
    for item in items:
        yield opening + between + item
        opening, between = b"", b","
    yield opening + b"]}"


def _joined(items: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for item in items:
        held.append(item)
        size += len(item)
        if size >= _PIECE_BYTES:
            yield b",".join(held)
            held, size = [], 0
    if held:
        yield b",".join(held)


def _slices(records: list[Record]) -> Iterator[list[Record]]:
    return (records[at : at + _PIECE_ITEMS] for at in range(0, len(records), _PIECE_ITEMS))


def served(target: Target, raw: bytes) -> bytes:
    """A stored object's bytes in the version asked for. The store puts apiVersion first."""
    resource = target.resource
    if target.version == resource.version:
        return raw
    stored = f'"apiVersion":"{resource.api_version}"'.encode()
    return raw.replace(stored, f'"apiVersion":"{target.api_version}"'.encode(), 1)


class Follower:
    """Turns the store's events into those that one watch sees: of its namespace, and of its selection.

    An object that enters the selection is ADDED, one that leaves it is DELETED (told as it was before),
    whatever happened to it.
    """

    def __init__(self, target: Target, selection: Selection) -> None:
        self._target = target
        self._selection = selection

    def seen(self, event: Event) -> tuple[str, bytes] | None:
        """The type and the object's bytes as this watch sees an event; None where it does not concern it."""
        namespace = self._target.namespace
        if namespace and event.record.namespace != namespace:
            return None
        if not self._selection:
            return event.type, served(self._target, event.record.raw)
        before = event.previous is not None and self._selection.chooses(event.previous)
        after = event.type != "DELETED" and self._selection.chooses(event.record)
        if after:
            return ("MODIFIED" if before else "ADDED"), served(self._target, event.record.raw)
        return ("DELETED", served(self._target, _last(event))) if before else None


def _last(event: Event) -> bytes:
    """An object that leaves a selection: as it was when it was in it, at the version of its leaving."""
    if event.type == "DELETED" or event.previous is None:
        return event.record.raw
    obj = event.previous.object
    obj["metadata"]["resourceVersion"] = str(event.resource_version)
    return encode(obj)


def bookmark(target: Target, revision: int, *, end_of_list: bool = False) -> bytes:
    """The line of a BOOKMARK event."""
    metadata: Object = {"resourceVersion": str(revision)}
    if end_of_list:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    obj = {"kind": target.resource.kind, "apiVersion": target.api_version, "metadata": metadata}
    return encode({"type": "BOOKMARK", "object": obj}) + b"\n"


def line(kind: str, raw: bytes) -> bytes:
    """The line of an event."""
    return b'{"type":"' + kind.encode() + b'","object":' + raw + b"}\n"
