"""One conditional write, and what to make of its failure.

A write is for the state that was read: the version of the object goes with it. An answer that is lost is
looked up, never repeated: the object itself says whether the write arrived, or that nobody can know any more.
"""

import copy
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cluster.errors import ClusterError, Conflict, Unavailable
from cluster.port import Cluster
from cluster.refs import Manifest
from routing import diff, live
from routing.planner import Operation

Outcome: TypeAlias = Literal["done", "failed"]
STATUS_WRITES: Final = 5
"""Attempts while a controller keeps writing the object's status, which moves its version."""
_SERVER_KEEPS: Final = ("uid", "resourceVersion", "creationTimestamp", "generation", "selfLink")


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a write: `manifest` is the object afterwards (None: gone), `error` why it failed."""

    outcome: Outcome
    manifest: Manifest | None
    message: str = ""
    error: ClusterError | None = None


def write(
    cluster: Cluster, operation: Operation, current: Manifest | None, *, dry_run: bool
) -> Manifest | None:
    """Sends one operation for the object as it stands (`current`). Raises `cluster.errors.ClusterError`."""
    if operation.after is None:
        metadata = (current or {})["metadata"]
        cluster.delete(operation.ref, metadata["resourceVersion"], uid=metadata["uid"], dry_run=dry_run)
        return None
    if operation.before is None:
        return cluster.create(_without_server_fields(operation.after), dry_run=dry_run)
    return cluster.replace(_onto(current or {}, operation.after), dry_run=dry_run)


def try_out(
    cluster: Cluster, operation: Operation, current: Manifest | None, planned: Operation
) -> Manifest | None:
    """Has the server try a write; the answer is what it would leave behind. Raises ClusterError.

    `planned` is the first operation on the object: only a status that came in between may have moved its
    version.
    """
    for attempt in range(STATUS_WRITES):
        try:
            return write(cluster, operation, current, dry_run=True)
        except Conflict:
            current = live.get(cluster, operation.ref)
            if attempt == STATUS_WRITES - 1 or current is None or changed(planned, current):
                raise
    raise AssertionError("unreachable")


def attempt(
    cluster: Cluster, operation: Operation, current: Manifest | None, expected: Manifest | None
) -> Written:
    """Writes once. `expected` is what the dry run answered: by it,
    a write whose answer was lost is known again.
    """
    try:
        return _write_through_status(cluster, operation, current, expected)
    except ClusterError as error:
        return Written("failed", None, error.message, error)


def changed(operation: Operation, found: Manifest | None) -> bool:
    """Whether somebody changed an object since the operation was planned; its status does not count."""
    if operation.before is None or found is None:
        return found is not operation.before
    another = found["metadata"].get("uid") != operation.before["metadata"].get("uid")
    return another or not diff.same(operation.before, found)


def _write_through_status(
    cluster: Cluster, operation: Operation, current: Manifest | None, expected: Manifest | None
) -> Written:
    """Writes; where only a controller's status came in between, once more for the version that it made."""
    for attempt in range(STATUS_WRITES):
        try:
            return Written("done", write(cluster, operation, current, dry_run=False))
        except Unavailable as error:
            return _look_up(cluster, operation, current, expected, error)
        except Conflict:
            found = live.get(cluster, operation.ref)
            if attempt == STATUS_WRITES - 1 or found is None or changed(operation, found):
                raise
            current, expected = found, write(cluster, operation, found, dry_run=True)
    raise AssertionError("unreachable")


def _look_up(
    cluster: Cluster,
    operation: Operation,
    current: Manifest | None,
    expected: Manifest | None,
    error: Unavailable,
) -> Written:
    """What became of a write without an answer. `current` is what it was for: by its version, what stands
    there untouched is known; `expected` is what it would have left behind.
    """
    try:
        found = live.get(cluster, operation.ref)
    except ClusterError as second:
        message = (
            f"{error.message} Whether the write arrived is not known, as reading it back failed too: "
            f"{second.message}"
        )
        return Written("failed", None, message, error)
    if _identity(found) == _identity(current):
        return Written("failed", found, f"{error.message} The write did not arrive.", error)
    if diff.same(found, expected):
        return Written("done", found, "The answer was lost; the cluster has the write.")
    stands = "it is gone" if found is None else "somebody else's version stands there"
    message = (
        f"{error.message} By now {stands}; whether this write came before, and was replaced, is not known."
    )
    return Written("failed", found, message, error)


def _identity(manifest: Manifest | None) -> tuple[str, str] | None:
    """One version of one object; None where there is none."""
    metadata = manifest["metadata"] if manifest is not None else None
    return (metadata["uid"], metadata["resourceVersion"]) if metadata is not None else None


def _onto(current: Manifest, after: Manifest) -> Manifest:
    """`after` as the next version of the object that stands there; what the server keeps is the server's."""
    metadata = {key: value for key, value in after["metadata"].items() if key not in diff.NOISE}
    kept = {key: current["metadata"][key] for key in _SERVER_KEEPS if key in current["metadata"]}
    next_version = {**copy.deepcopy(after), "metadata": {**metadata, **kept}}
    next_version.pop("status", None)
    if "status" in current:
        next_version["status"] = current["status"]
    return next_version


def _without_server_fields(manifest: Manifest) -> Manifest:
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in diff.NOISE}
    rest = {key: value for key, value in manifest.items() if key != "status"}
    return {**copy.deepcopy(rest), "metadata": metadata}
