"""Reads: lists with selectors and pages, and the events of a watch as its follower should see them.

Pure apart from the store. Lists of stored bytes are joined, not decoded, wherever nothing has to look inside.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from localmesh.apiserver.errors import BadRequest, Gone
from localmesh.apiserver.requests import Target, number
from localmesh.apiserver.selectors import FieldSelector, LabelSelector
from localmesh.apiserver.store import Object, Record, Store, decode, encode
from localmesh.apiserver.watches import Event


@dataclass(frozen=True, slots=True)
class Selection:
    """Which objects of a collection are meant."""

    labels: LabelSelector
    fields: FieldSelector

    @classmethod
    def of(cls, query: Mapping[str, str], kind: str) -> "Selection":
        """The selection that a query asks for. Raises `BadRequest`."""
        return cls(
            LabelSelector(query.get("labelSelector", "")), FieldSelector(query.get("fieldSelector", ""), kind)
        )

    def chooses(self, record: Record) -> bool:
        """Whether a stored object is meant."""
        if not self.labels.matches(record.labels):
            return False
        name = self.fields.required("metadata.name")
        if name is not None and name != record.name:
            return False
        return not self.fields or self.fields.matches(record.object)

    def chooses_object(self, obj: Object) -> bool:
        """Whether a decoded object is meant."""
        return self.labels.matches(obj["metadata"].get("labels") or {}) and self.fields.matches(obj)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: its records, the version of the whole, and where to go on."""

    records: list[Record]
    revision: int
    go_on: str = ""
    remaining: int | None = None


class TooEarly(BadRequest):
    """The version that is asked for has not been reached yet."""

    code, reason = 504, "Timeout"


def page(store: Store, target: Target, query: Mapping[str, str]) -> Page:
    """The objects that a list asks for. Raises `BadRequest`, `Gone` for a page too far back, `TooEarly`."""
    selection = Selection.of(query, target.resource.kind)
    limit, token = number(query, "limit"), query.get("continue", "")
    revision, start = _token(token) if token else (store.revision, ("", ""))
    if token and revision < store.oldest_revision:
        raise Gone("The provided continue parameter is too old to display a consistent list result")
    _check_version(store, query)
    records = [each for each in store.records(target.resource, target.namespace) if selection.chooses(each)]
    rest = [each for each in records if (each.namespace, each.name) > start]
    if not limit or len(rest) <= limit:
        return Page(rest, revision)
    last = rest[limit - 1]
    remaining = None if selection.labels or selection.fields else len(rest) - limit
    go_on = base64.urlsafe_b64encode(encode([revision, last.namespace, last.name])).decode()
    return Page(rest[:limit], revision, go_on, remaining)


def _token(text: str) -> tuple[int, tuple[str, str]]:
    try:
        revision, namespace, name = msgspec.json.decode(
            base64.urlsafe_b64decode(text), type=tuple[int, str, str]
        )
    except (ValueError, msgspec.DecodeError):
        raise BadRequest("continue key is not valid") from None
    return revision, (namespace, name)


def _check_version(store: Store, query: Mapping[str, str]) -> None:
    wanted, match = number(query, "resourceVersion"), query.get("resourceVersionMatch", "")
    if match not in ("", "Exact", "NotOlderThan"):
        raise BadRequest(f"resourceVersionMatch: Unsupported value: {match!r}")
    if match and wanted is None:
        raise BadRequest("resourceVersionMatch is forbidden unless resourceVersion is provided")
    if wanted is not None and wanted > store.revision:
        told = f"Timeout: Too large resource version: {wanted}, current: {store.revision}"
        raise TooEarly(told, details={"causes": [{"reason": "ResourceVersionTooLarge", "message": told}]})
    if match == "Exact" and wanted and wanted != store.revision:
        raise Gone(f"The resourceVersion for the provided list is too old: {wanted}")


def list_body(target: Target, found: Page) -> bytes:
    """A page as a list on the wire."""
    metadata: dict[str, Any] = {"resourceVersion": str(found.revision)}
    if found.go_on:
        metadata["continue"] = found.go_on
    if found.remaining is not None:
        metadata["remainingItemCount"] = found.remaining
    head = {"kind": target.resource.list_kind, "apiVersion": target.api_version, "metadata": metadata}
    items = b",".join(served(target, each.raw) for each in found.records)
    return encode(head)[:-1] + b',"items":[' + items + b"]}"


def served(target: Target, raw: bytes) -> bytes:
    """A stored object's bytes in the version asked for."""
    if target.version == target.resource.version:
        return raw
    obj = decode(raw)
    obj["apiVersion"] = target.api_version
    return encode(obj)


class Follower:
    """Turns the store's events into those that one watch sees: of its namespace, and of its selection.

    An object that enters the selection is ADDED, one that leaves it is DELETED, whatever happened to it.
    """

    def __init__(self, target: Target, selection: Selection) -> None:
        self._target = target
        self._selection = selection

    def seen(self, event: Event) -> tuple[str, bytes] | None:
        """The type and the object's bytes as this watch sees an event; None where it does not concern it."""
        if not self._target.namespace and not self._selection.labels and not self._selection.fields:
            return event.type, served(self._target, event.raw)
        obj = event.object
        if self._target.namespace and obj["metadata"].get("namespace") != self._target.namespace:
            return None
        if event.type == "DELETED":
            return (event.type, served(self._target, event.raw)) if self._chose(event.previous) else None
        before, after = self._chose(event.previous), self._selection.chooses_object(obj)
        if after:
            return ("MODIFIED" if before else "ADDED"), served(self._target, event.raw)
        return ("DELETED", served(self._target, event.raw)) if before else None

    def _chose(self, raw: bytes | None) -> bool:
        return raw is not None and self._selection.chooses_object(decode(raw))


def bookmark(target: Target, revision: int, *, end_of_list: bool = False) -> bytes:
    """The line of a BOOKMARK event."""
    metadata: dict[str, Any] = {"resourceVersion": str(revision), "creationTimestamp": None}
    if end_of_list:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    obj = {"kind": target.resource.kind, "apiVersion": target.api_version, "metadata": metadata}
    return encode({"type": "BOOKMARK", "object": obj}) + b"\n"


def line(kind: str, raw: bytes) -> bytes:
    """The line of an event."""
    return b'{"type":"' + kind.encode() + b'","object":' + raw + b"}\n"
