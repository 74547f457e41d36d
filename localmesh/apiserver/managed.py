"""Who owns which field: `metadata.managedFields`, and server-side apply.

Pure; the time is handed in. Every write through the API is booked to its manager, so that an apply can tell
its own fields from those of others. Source: "Server-Side Apply" in the documentation of Kubernetes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from localmesh.apiserver import ownership
from localmesh.apiserver.errors import Conflict
from localmesh.apiserver.ownership import MISSING, Path, Paths
from localmesh.apiserver.schemas.structural import Schema

Object = dict[str, Any]

#: Fields that identify an object or that the server keeps; nobody owns them.
_UNOWNED: tuple[Path, ...] = (
    ("f:apiVersion",),
    ("f:kind",),
    *(
        ("f:metadata", f"f:{name}")
        for name in (
            "name", "namespace", "generateName", "uid", "resourceVersion", "generation", "selfLink",
            "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "managedFields",
        )
    ),
)  # fmt: skip
_STATUS: Path = ("f:status",)


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes: the manager's name, by which operation, in which version, and through which subresource."""

    manager: str
    operation: str
    api_version: str
    subresource: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """The fields of one writer, and when they last changed."""

    writer: Writer
    paths: Paths
    time: str


def track(old: Object, new: Object, schema: Schema, writer: Writer, now: str) -> Object:
    """`new` with its managedFields: what differs from `old` belongs to `writer`, and no longer to anybody
    else.
    """
    base = _entries(new if "managedFields" in new.get("metadata", {}) else old)
    before, after = _owned(old, schema), _owned(new, schema)
    gone = before - after
    if writer.subresource != "status":
        gone = {path for path in gone if path[:1] != _STATUS}
    changed = {
        path
        for path in after
        if path not in before
        or ownership.value_at(old, schema, path) != ownership.value_at(new, schema, path)
    }
    entries = [_less(entry, gone if entry.writer == writer else gone | changed, now) for entry in base]
    return _with(new, _added(entries, writer, frozenset(changed), now))


def apply(
    live: Object | None, wanted: Object, schema: Schema, writer: Writer, now: str, *, force: bool
) -> Object:
    """The object after an apply of `wanted`.

    Fields that the writer applied before and no longer sets are removed, unless somebody else owns them.
    Raises `Conflict` where another manager owns a field that would change, unless `force`.
    """
    mine = frozenset(_owned(wanted, schema))
    if live is None:
        return _with(wanted, [Entry(writer, mine, now)])
    entries = _entries(live)
    others = [entry for entry in entries if not _same_applier(entry.writer, writer)]
    disputed = [(entry, _disputed(entry, live, wanted, mine, schema)) for entry in others]
    if any(paths for _, paths in disputed):
        if not force:
            raise _conflict(disputed)
        others = [_less(entry, paths, now) for entry, paths in disputed]
    before = next((entry for entry in entries if _same_applier(entry.writer, writer)), None)
    result = ownership.merged(live, wanted, schema)
    if before:
        result = _drop(result, before.paths - mine, [mine, *(entry.paths for entry in others)], schema)
    time = before.time if before and before.paths == mine and before.writer == writer else now
    return _with(result, [Entry(writer, mine, time), *others])


def _owned(obj: Object, schema: Schema) -> set[Path]:
    return {path for path in ownership.paths_of(obj, schema) if not _unowned(path)}


def _unowned(path: Path) -> bool:
    return any(path[: len(each)] == each for each in _UNOWNED)


def _same_applier(one: Writer, other: Writer) -> bool:
    return replace(one, api_version="") == replace(other, api_version="")


def _disputed(entry: Entry, live: Object, wanted: Object, mine: Paths, schema: Schema) -> set[Path]:
    return {
        path
        for path in entry.paths & mine
        if path[-1].startswith("f:")
        and ownership.value_at(live, schema, path) != ownership.value_at(wanted, schema, path)
        and ownership.value_at(live, schema, path) is not MISSING
    }


def _drop(obj: Object, paths: Iterable[Path], owned: list[Paths], schema: Schema) -> Object:
    kept = {path[:length] for each in owned for path in each for length in range(1, len(path) + 1)}
    for path in sorted(paths, key=len):  # items before their members: without its key an item is not found
        if path not in kept:
            obj = ownership.without(obj, schema, path)
    return obj


def _less(entry: Entry, gone: set[Path], now: str) -> Entry:
    left = entry.paths - gone
    return entry if left == entry.paths else replace(entry, paths=left, time=now)


def _added(entries: list[Entry], writer: Writer, paths: Paths, now: str) -> list[Entry]:
    for at, entry in enumerate(entries):
        if entry.writer == writer:
            both = entry.paths | paths
            return [
                *entries[:at],
                Entry(writer, both, entry.time if both == entry.paths else now),
                *entries[at + 1 :],
            ]
    return [*entries, Entry(writer, paths, now)]


def _entries(obj: Object) -> list[Entry]:
    found = obj.get("metadata", {}).get("managedFields") or []
    return [
        Entry(
            Writer(
                each["manager"], each["operation"], each.get("apiVersion", ""), each.get("subresource", "")
            ),
            frozenset(ownership.from_fields(each.get("fieldsV1") or {})),
            each.get("time", ""),
        )
        for each in found
        if each.get("manager") and each.get("operation")
    ]


def _with(obj: Object, entries: list[Entry]) -> Object:
    metadata = {key: value for key, value in obj.get("metadata", {}).items() if key != "managedFields"}
    told = [_told(entry) for entry in entries if entry.paths]
    if told:
        metadata["managedFields"] = told
    return {**obj, "metadata": metadata}


def _told(entry: Entry) -> dict[str, Any]:
    told = {
        "manager": entry.writer.manager,
        "operation": entry.writer.operation,
        "apiVersion": entry.writer.api_version,
        "time": entry.time,
        "fieldsType": "FieldsV1",
        "fieldsV1": ownership.to_fields(entry.paths),
    }
    if entry.writer.subresource:
        told["subresource"] = entry.writer.subresource
    return told


def _conflict(disputed: list[tuple[Entry, set[Path]]]) -> Conflict:
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f'conflict with "{entry.writer.manager}" using {entry.writer.api_version}',
            "field": ownership.shown(path),
        }
        for entry, paths in disputed
        for path in sorted(paths)
    ]
    if len(causes) == 1:
        told = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        lines = "".join(f"\n- {cause['message']}: {cause['field']}" for cause in causes)
        told = f"Apply failed with {len(causes)} conflicts:{lines}"
    return Conflict(told, details={"causes": causes})
