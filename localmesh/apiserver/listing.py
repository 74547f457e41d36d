"""Lists: what a query asks of a collection, held against the rules for it, and page by page of one moment.

A list under way keeps its records in the store; a page costs what it sends. The rules are those of
`ValidateListOptions` in k8s.io/apimachinery.
"""

import asyncio
import base64
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from localmesh.apiserver.errors import BadRequest, Cause, Gone, Invalid
from localmesh.apiserver.records import Object, Record, encode
from localmesh.apiserver.requests import Target, number
from localmesh.apiserver.selectors import FieldSelector, LabelSelector
from localmesh.apiserver.store import Store

_FORBIDDEN = "FieldValueForbidden"
#: After how many records that a selector looked at others get their turn: it may have to decode each.
_TURN = 200


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

    def __bool__(self) -> bool:
        return bool(self.labels or self.fields)

    def chooses(self, record: Record) -> bool:
        """Whether a stored object is meant; it is decoded only where a field of its content counts."""
        if not self.labels.matches(record.labels):
            return False
        if not self.fields.matches_place(record.namespace, record.name):
            return False
        return not self.fields.needs_content or self.fields.matches(record.object)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: its records, the version of the whole, and where to go on."""

    records: list[Record]
    revision: int
    go_on: str = ""
    remaining: int | None = None

    @property
    def metadata(self) -> Object:
        """The metadata of the list on the wire."""
        found: Object = {"resourceVersion": str(self.revision)}
        if self.go_on:
            found["continue"] = self.go_on
        if self.remaining is not None:
            found["remainingItemCount"] = self.remaining
        return found


class TooEarly(BadRequest):
    """The version that is asked for has not been reached yet."""

    code, reason = 504, "Timeout"


class _Token(msgspec.Struct):
    """What a continue token holds: the revision of the list, and the last key that was sent."""

    rv: int
    start: str
    v: str = "meta.k8s.io/v1"


async def page(store: Store, target: Target, query: Mapping[str, str]) -> Page:
    """The objects that a list asks for, as of the moment of its first page.

    Raises `BadRequest`, `Invalid`, `TooEarly`, and `Gone` where that moment is no longer known.
    """
    selection = Selection.of(query, target.resource.kind)
    check_options(query, watch=False)
    limit = number(query, "limit") or 0
    token = _token(query)
    revision = token.rv if token else _revision(store, query)
    records = _moment(store, target, revision, continued=token is not None)
    start = bisect_right(records, token.start, key=lambda each: each.key) if token else 0
    if limit and start + limit < len(records):
        store.keep_at(target.resource, target.namespace, revision, records)
    chosen, end = await _choose(records, start, limit, selection)
    if end == len(records):
        return Page(chosen, revision)
    remaining = None if selection else len(records) - end
    go_on = encode(_Token(revision, chosen[-1].key))
    return Page(chosen, revision, base64.urlsafe_b64encode(go_on).decode().rstrip("="), remaining)


async def _choose(
    records: list[Record], start: int, limit: int, selection: Selection
) -> tuple[list[Record], int]:
    """At most `limit` (0: all) chosen records, and the place of the next one that would be chosen."""
    if not selection:
        end = min(start + limit, len(records)) if limit else len(records)
        return records[start:end], end
    found: list[Record] = []
    for at in range(start, len(records)):
        if at % _TURN == 0:
            await asyncio.sleep(0)
        if selection.chooses(records[at]):
            if limit and len(found) == limit:
                return found, at
            found.append(records[at])
    return found, len(records)


def _moment(store: Store, target: Target, revision: int, *, continued: bool) -> list[Record]:
    try:
        return store.moment(target.resource, target.namespace, revision)
    except Gone:
        if continued:
            told = "The provided continue parameter is too old to display a consistent list result"
        else:
            told = f"The resourceVersion for the provided list is too old: {revision}"
        raise Gone(told) from None


def _token(query: Mapping[str, str]) -> _Token | None:
    text = query.get("continue", "")
    if not text:
        return None
    if query.get("resourceVersion", "") not in ("", "0"):
        raise BadRequest("specifying resource version is not allowed when using continue")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars="-_", validate=True)
        token = msgspec.json.decode(raw, type=_Token)
    except (ValueError, msgspec.DecodeError) as error:
        raise BadRequest(f"invalid continue token: continue key is not valid: {error}") from None
    if token.v != "meta.k8s.io/v1" or token.rv <= 0 or "/" not in token.start:
        raise BadRequest("invalid continue token: continue key is not valid: it was not given out here")
    return token


def _revision(store: Store, query: Mapping[str, str]) -> int:
    """The revision that a first page shows."""
    wanted = number(query, "resourceVersion")
    if wanted is not None and wanted > store.revision:
        told = f"Timeout: Too large resource version: {wanted}, current: {store.revision}"
        cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
        raise TooEarly(told, details={"causes": [cause], "retryAfterSeconds": 1})
    exact = query.get("resourceVersionMatch", "") == "Exact"
    return wanted if exact and wanted else store.revision


def check_options(query: Mapping[str, str], *, watch: bool) -> None:
    """Whether the options of a list or a watch go together. Raises `BadRequest`, `Invalid`."""
    causes = list(_watch_causes(query) if watch else _list_causes(query))
    if causes:
        raise Invalid("ListOptions", "meta.k8s.io", "", causes)


def _list_causes(query: Mapping[str, str]) -> list[Cause]:
    match, version = query.get("resourceVersionMatch", ""), query.get("resourceVersion", "")
    causes = []
    if match and not version:
        causes.append(_no_match("resourceVersionMatch is forbidden unless resourceVersion is provided"))
    if match and query.get("continue"):
        causes.append(_no_match("resourceVersionMatch is forbidden when continue is provided"))
    if match not in ("", "Exact", "NotOlderThan"):
        told = f'Unsupported value: "{match}": supported values: "Exact", "NotOlderThan", ""'
        causes.append(Cause("resourceVersionMatch", told, "FieldValueNotSupported"))
    if match == "Exact" and version == "0":
        causes.append(_no_match('resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    if "sendInitialEvents" in query:
        told = "Forbidden: sendInitialEvents is forbidden for list"
        causes.append(Cause("sendInitialEvents", told, _FORBIDDEN))
    return causes


def _watch_causes(query: Mapping[str, str]) -> list[Cause]:
    match, initial = query.get("resourceVersionMatch", ""), "sendInitialEvents" in query
    causes = []
    if initial and match != "NotOlderThan":
        causes.append(_no_match("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
    if match and not initial:
        causes.append(
            _no_match("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        )
    return causes


def _no_match(why: str) -> Cause:
    return Cause("resourceVersionMatch", f"Forbidden: {why}", _FORBIDDEN)
