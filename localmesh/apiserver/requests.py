"""What a request asks for: the resource in its path, and its options.

Pure: texts in, `Target` and `Options` out. Paths are read here and nowhere else, from the raw request line,
so that no encoding or dot segment can turn one object's path into a collection's.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import BadRequest, NotAcceptable, NotFound
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.names import is_path_name

_VALIDATION = ("Strict", "Warn", "Ignore")
_NO_SUCH_PATH = "the server could not find the requested resource"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@dataclass(frozen=True, slots=True)
class Target:
    """What a path names: a collection where `name` is None, else an object or a subresource of it."""

    resource: Resource
    version: str
    namespace: str | None = None
    name: str | None = None
    subresource: str = ""

    @property
    def api_version(self) -> str:
        """`apiVersion` of what is sent and answered."""
        return self.resource.api_version_of(self.version)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a write."""

    dry_run: bool = False
    field_manager: str = "unknown"
    field_validation: str = "Warn"
    force: bool = False


def segments(raw_path: str) -> tuple[str, ...]:
    """The parts of a raw path, decoded once. Raises `NotFound` for empty, dot and otherwise impossible
    ones.
    """
    path = raw_path.partition("?")[0].removeprefix("/")
    parts = tuple(unquote(part) for part in path.split("/")) if path else ()
    if not all(is_path_name(part) for part in parts):
        raise NotFound(_NO_SUCH_PATH)
    return parts


def target_of(parts: tuple[str, ...]) -> Target:
    """What the parts of a path under /api or /apis name. Raises `NotFound`."""
    if parts[:1] == ("api",):
        group, rest = "", parts[1:]
    else:
        group, rest = parts[1], parts[2:]
    version, rest = rest[0], rest[1:]
    namespace = None
    if len(rest) > 2 and rest[0] == "namespaces" and not (not group and rest[2] in ("status", "finalize")):
        namespace, rest = rest[1], rest[2:]
    resource = kinds.by_path(group, version, rest[0])
    if resource is None or len(rest) > 3 or (namespace is not None and not resource.namespaced):
        raise NotFound(_NO_SUCH_PATH)
    name = rest[1] if len(rest) > 1 else None
    if name is not None and resource.namespaced and namespace is None:
        raise NotFound(_NO_SUCH_PATH)
    subresource = rest[2] if len(rest) > 2 else ""
    if subresource and subresource not in resource.subresources:
        raise NotFound(_NO_SUCH_PATH)
    return Target(resource, version, namespace, name, subresource)


def options_of(query: Mapping[str, str], user_agent: str) -> Options:
    """The options of a write. Raises `BadRequest` for values that are not known."""
    dry_run = query.get("dryRun", "")
    if dry_run not in ("", "All"):
        raise BadRequest(f'Invalid value: "{dry_run}": supported values for dryRun: "All"')
    validation = query.get("fieldValidation", "") or "Warn"
    if validation not in _VALIDATION:
        raise BadRequest(
            f'Invalid value: "{validation}": supported values for fieldValidation: {_VALIDATION}'
        )
    manager = query.get("fieldManager", "") or user_agent.partition("/")[0] or "unknown"
    if len(manager) > 128 or not manager.isprintable():
        raise BadRequest("fieldManager: must be at most 128 printable characters")
    return Options(dry_run == "All", manager, validation, flag(query, "force"))


def flag(query: Mapping[str, str], name: str) -> bool:
    """A boolean of the query. Raises `BadRequest`."""
    text = query.get(name, "false").lower()
    if text in ("true", "1", ""):
        return name in query
    if text in ("false", "0"):
        return False
    raise BadRequest(f"{name} must be true or false, not {text!r}")


def number(query: Mapping[str, str], name: str) -> int | None:
    """A number of the query, at least 0; None where there is none. Raises `BadRequest`."""
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or len(text) > 18:
        raise BadRequest(f"{name} must be a number, not {text!r}")
    return int(text)


@dataclass(frozen=True, slots=True)
class Accepted:
    """The form of answer that a client prefers: `kind` is "Table" and the like, empty for plain objects."""

    kind: str = ""
    group: str = ""
    version: str = ""


_FORMS = {
    ("Table", "meta.k8s.io", "v1"),
    ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2"),
    ("APIGroupDiscoveryList", "apidiscovery.k8s.io", "v2beta1"),
    ("PartialObjectMetadata", "meta.k8s.io", "v1"),
    ("PartialObjectMetadataList", "meta.k8s.io", "v1"),
}


def accepted(header: str) -> Accepted:
    """The first form of an Accept header that can be produced. Raises `NotAcceptable`."""
    for choice in (header or "*/*").split(","):
        media, *parameters = [part.strip() for part in choice.split(";")]
        if media not in ("application/json", "application/*", "*/*"):
            continue
        told = dict(part.split("=", 1) for part in parameters if "=" in part)
        form = (told.get("as", ""), told.get("g", ""), told.get("v", ""))
        if not form[0]:
            return Accepted()
        if form in _FORMS:
            return Accepted(*form)
    raise NotAcceptable("only the following media types are accepted: application/json")
