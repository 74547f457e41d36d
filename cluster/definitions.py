"""What a cluster says of the fields of a kind: the schemas of its CustomResourceDefinition.

Read in one way from any cluster, and asked anew at most once in 30 s; as long as the definition stays the
same, so does the object that is answered, so that what was made of it can be kept by it.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final
from weakref import WeakKeyDictionary

from cluster.errors import ClusterError
from cluster.kinds import DEFINITION, Kind
from cluster.port import Cluster
from cluster.refs import Manifest, Ref

AGAIN_SECONDS: Final = 30.0
Clock = Callable[[], float]


@dataclass(frozen=True, eq=False)
class Definition:
    """A kind's definition: `schemas` are its structural OpenAPI schemas, by version."""

    kind: Kind
    resource_version: str
    schemas: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What was answered, and until when it is not asked again."""

    until: float
    found: Definition | ClusterError


_lock: Final = Lock()
_answers: Final["WeakKeyDictionary[Any, dict[Kind, _Answer]]"] = WeakKeyDictionary()


def read(cluster: Cluster, kind: Kind, clock: Clock = time.monotonic) -> Definition:
    """The definition of a kind, as the cluster has it.

    Raises NotFound where the kind is not defined, Forbidden where definitions may not be read, and the other
    `cluster.errors.ClusterError`s; they are remembered as long as an answer.
    """
    with _lock:
        known = _answers.setdefault(cluster, {})
        answer = known.get(kind)
    if answer is None or clock() >= answer.until:
        found = _asked(cluster, kind, answer.found if answer else None)
        answer = known[kind] = _Answer(clock() + AGAIN_SECONDS, found)
    if isinstance(answer.found, ClusterError):
        raise answer.found.with_traceback(None)
    return answer.found


def _asked(
    cluster: Cluster, kind: Kind, before: Definition | ClusterError | None
) -> Definition | ClusterError:
    try:
        manifest = cluster.get(Ref(DEFINITION, "", f"{kind.plural}.{kind.group}"))
    except ClusterError as error:
        return error
    version = str(manifest["metadata"].get("resourceVersion", ""))
    if isinstance(before, Definition) and version and before.resource_version == version:
        return before
    return Definition(kind, version, _schemas(manifest))


def _schemas(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    versions = (manifest.get("spec") or {}).get("versions") or []
    return {
        str(each["name"]): schema
        for each in versions
        if each.get("served")
        and isinstance(schema := (each.get("schema") or {}).get("openAPIV3Schema"), dict)
    }
