"""What an API server's answer means: objects, parts of a list, refusals. Pure.

Everything is decoded by msgspec straight from the bytes into what is asked for. An answer of the wrong form
is Unavailable and never an empty list: "nothing there" must not be concluded from a proxy's page, nor from
its 404.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, Generic, Literal, TypeVar

import msgspec

from cluster import decoding
from cluster.errors import (
    AlreadyExists,
    Cause,
    ClusterError,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from cluster.kinds import Kind
from cluster.port import Page
from cluster.refs import Manifest

T = TypeVar("T")
SHORTEST_PAUSE_SECONDS: Final = 1.0
MAX_PAUSE_SECONDS: Final = 60.0
"""The longest pause that a server is believed to ask for."""
_NO_FIELD: Final = "<nil>"
"""How a cause about the whole object names its field (k8s.io/apimachinery, validation/field)."""
_STRICT: Final = "strict decoding error"
_UNKNOWN_FIELD: Final = re.compile(r'unknown field "([^"]*)"')


class Details(msgspec.Struct, rename="camel"):
    """`details` of a Status."""

    causes: list[Any] | None = None
    retry_after_seconds: float | None = None


class Status(msgspec.Struct, rename="camel"):
    """The parts of a `Status` answer that the console reads."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str
    continue_token: str = msgspec.field(default="", name="continue")


class _List(msgspec.Struct, Generic[T]):
    metadata: _ListMeta
    items: tuple[T, ...] | None


class _Resource(msgspec.Struct):
    name: str


class _Resources(msgspec.Struct):
    resources: list[_Resource] | None


class _GroupVersion(msgspec.Struct, rename="camel"):
    group_version: str


class _Group(msgspec.Struct):
    versions: list[_GroupVersion]


class _Groups(msgspec.Struct):
    kind: Literal["APIGroupList"]
    groups: list[_Group] | None


class _Version(msgspec.Struct, rename="camel"):
    git_version: str


@lru_cache(maxsize=64)
def _lists_of(shape: Any) -> msgspec.json.Decoder[Any]:
    return decoding.decoder(_List[shape])


def page(content: bytes, kind: Kind, shape: type[T]) -> Page[T]:
    """A list, or a part of one. Raises Unavailable for anything else."""
    wanted: Any = shape
    try:
        found: _List[T] = _lists_of(wanted).decode(content)
    except msgspec.DecodeError as error:
        raise Unavailable(f"Its answer is not a list of {kind.plural} ({error}).") from error
    items = found.items or ()
    for item in items:
        if isinstance(item, dict):
            # A list names its kind once, on itself.
            item.setdefault("apiVersion", kind.api_version)
            item.setdefault("kind", kind.kind)
    return Page(items, found.metadata.resource_version, found.metadata.continue_token)


def manifest(content: bytes) -> Manifest:
    """One object. Raises Unavailable for anything else."""
    return _decoded(content, dict[str, Any], "a JSON object")


def plurals(content: bytes) -> frozenset[str]:
    """The plural names that a version of a group serves (its APIResourceList)."""
    found = _decoded(content, _Resources, "a list of resources").resources or []
    return frozenset(resource.name for resource in found)


def group_versions(content: bytes) -> frozenset[str]:
    """The versions of groups, as `group/version`, that a server serves (its APIGroupList)."""
    found = _decoded(content, _Groups, "a list of groups").groups or []
    return frozenset(version.group_version for group in found for version in group.versions)


def git_version(content: bytes) -> str:
    """What a server calls its version, from `/version`."""
    return _decoded(content, _Version, "a version").git_version


def refusal(status: int, headers: Mapping[str, str], content: bytes) -> ClusterError:
    """The error that an answer other than 2xx stands for, in the console's own family."""
    try:
        answer = decoding.decode(content, Status)
    except msgspec.DecodeError:
        # Not Kubernetes speaking but something before it: a proxy's page says nothing worth showing at
        # length.
        answer = Status(message=content[:400].decode("utf-8", "replace"))
    if status == 404 and answer.kind != "Status":
        # An ingress without a route, or a server that does not know the path: that nothing is there is an
        # API server's to say.
        return Unavailable("It answered 404, but not as an API server does.", status=status)
    return of_status(status, answer, headers)


def of_status(status: int, answer: Status, headers: Mapping[str, str] | None = None) -> ClusterError:
    """The error that a Status stands for; the end of a watch brings one without any headers."""
    text = answer.message or f"It answered {status}."
    pause = _pause(answer.details, headers or {})
    if status == 409:
        error = AlreadyExists if answer.reason == "AlreadyExists" else Conflict
        return error(text, status=status)
    if status in {400, 413, 415, 422}:
        return Invalid(text, _causes(answer.details) or _unknown_fields(text), status=status)
    if status == 429:
        return TooManyRequests(text, retry_after=pause or SHORTEST_PAUSE_SECONDS)
    by_status = {401: Unauthorized, 403: Forbidden, 404: NotFound, 410: Expired}
    if status in by_status:
        return by_status[status](text, status=status)
    if status >= 500:
        return Unavailable(text, retry_after=pause, status=status)
    return ClusterError(text, status=status)


def _causes(details: Details | None) -> tuple[Cause, ...]:
    return tuple(
        Cause(str(cause.get("field", "")).replace(_NO_FIELD, ""), str(cause.get("message", "")))
        for cause in (details and details.causes) or ()
        if isinstance(cause, dict)
    )


def _unknown_fields(text: str) -> tuple[Cause, ...]:
    """The fields that strict decoding refuses: it names them in its message only."""
    found = _UNKNOWN_FIELD.findall(text) if _STRICT in text else []
    return tuple(Cause(path, "unknown field") for path in found)


def _pause(details: Details | None, headers: Mapping[str, str]) -> float:
    """Seconds to wait: the header's, else the Status's own, at least one; 0 where neither names any."""
    text = headers.get("Retry-After", "")
    seconds = float(text) if text.isdecimal() else (details and details.retry_after_seconds) or 0.0
    return min(max(seconds, SHORTEST_PAUSE_SECONDS), MAX_PAUSE_SECONDS) if seconds else 0.0


def _decoded(content: bytes, shape: type[T], what: str) -> T:
    try:
        return decoding.decode(content, shape)
    except msgspec.DecodeError as error:
        raise Unavailable(f"Its answer is not {what}.") from error
