"""Checks one resource as somebody types it: every problem at its field and line, and nothing is written."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeAlias

from cluster import kinds, refs
from cluster.definitions import Definition
from cluster.errors import ClusterError, Forbidden, Invalid, NotFound
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest
from routing import contents, schemas, yaml_io, yaml_marks
from routing.problems import Problem, error, info
from routing.rules import listed, quoted
from routing.rules.plain import is_text
from routing.yaml_marks import Marked, Path

WRITTEN: Final = (*kinds.ISTIO, *kinds.GATEWAY_KINDS)
"""The kinds that are edited as YAML."""
MAX_PROBLEMS: Final = 100
Findings: TypeAlias = Callable[[Kind, Manifest], Iterable[contents.Found]]
"""The seam to the analysis: what it says of one resource as if it stood in the cluster, at its fields."""
_BY_NAME: Final = {(kind.group, kind.kind): kind for kind in WRITTEN}


@dataclass(frozen=True, slots=True)
class Placed:
    """A problem with the field that it is about, and the place of that field in the text, from 1.

    `analysed`: it is of the cluster with the resource in it, not of the text: no reason not to plan it.
    """

    problem: Problem
    path: Path = ()
    line: int = 1
    column: int = 1
    analysed: bool = False

    def to_json(self) -> dict[str, Any]:
        """The problem as the REST API answers it."""
        return {
            "level": self.problem.level,
            "code": self.problem.code,
            "message": self.problem.message,
            "path": yaml_marks.path_text(self.path),
            "line": self.line,
            "column": self.column,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read of a text (None where nothing was), and what is to be said of it."""

    manifest: Manifest | None
    kind: Kind | None
    problems: tuple[Placed, ...]

    @property
    def valid(self) -> bool:
        """Whether the text can be planned: nothing is wrong with it by itself."""
        return all(one.problem.level != "error" or one.analysed for one in self.problems)


def check(
    text: str | bytes,
    person: PersonCluster,
    namespace: str = "",
    findings: Findings | None = None,
) -> Checked:
    """Checks the text of one resource (YAML, or JSON) against what the cluster publishes of its kind.

    `namespace`: where it is to stand when the text does not say so. `findings`: what is to be said of the
    resource besides, as from an analysis of the cluster with it; asked only once its form is right. Never
    raises for a text.
    """
    try:
        marked = yaml_marks.read(text)
    except yaml_io.YamlError as refusal:
        message = str(refusal).partition(": ")[2] if refusal.line else str(refusal)
        return Checked(None, None, (Placed(error("NOT_YAML", message), (), max(refusal.line, 1)),))
    return check_marked(marked, person, namespace, findings)


def check_marked(
    marked: Marked, person: PersonCluster, namespace: str = "", findings: Findings | None = None
) -> Checked:
    """As `check`, of a value that was read already."""
    if unstorable := next(_unstorable(marked.value), None):
        return Checked(None, None, _placed(marked, [unstorable]))
    found = _structure(marked.value)
    kind = None if found else kind_of(marked.value["apiVersion"], marked.value["kind"])
    if kind is None:
        manifest = marked.value if isinstance(marked.value, dict) else None
        return Checked(manifest, None, _placed(marked, found or [_unknown_kind(marked.value)]))
    manifest = _with_namespace(marked.value, kind, namespace)
    found = [*_names(kind, manifest), *_fields(person, kind, manifest)]
    found += contents.problems(kind, manifest)
    placed = _placed(marked, found)
    if findings is not None and not any(problem.level == "error" for _, problem in found):
        placed += _placed(marked, tuple(findings(kind, manifest)), analysed=True)
    return Checked(manifest, kind, tuple(sorted(placed, key=_rank)))


def kind_of(api_version: str, kind: str) -> Kind | None:
    """The kind of these names, whatever the version; None for one that is not edited here."""
    return _BY_NAME.get((api_version.rpartition("/")[0], kind))


def schema_of(person: PersonCluster, kind: Kind, version: str) -> schemas.Schema:
    """The schema of a version of a kind, as the cluster has it.

    Raises `cluster.errors.ClusterError`: NotFound where it does not have this one, Invalid where its schema
    cannot be read.
    """
    definition = person.definition(kind)
    if version not in definition.schemas:
        served = listed(f"{kind.group}/{one}" for one in definition.schemas)
        raise NotFound(f"It has {kind.kind} in {served or 'no version'} only.", status=404)
    try:
        return _schema(definition, version)
    except ValueError as refusal:
        raise Invalid(f"The schema of {kind.kind} cannot be read.") from refusal


@lru_cache(maxsize=200)
def _schema(definition: Definition, version: str) -> schemas.Schema:
    return schemas.Schema(definition.schemas[version])


def _unstorable(value: Any, path: Path = ()) -> Iterator[contents.Found]:
    """What can be written in JSON or YAML and neither be stored nor answered, at the nearest field."""
    if len(path) > yaml_io.MAX_DEPTH:
        yield (), error("NOT_YAML", f"This is nested more than {yaml_io.MAX_DEPTH} levels deep.")
    elif isinstance(value, dict):
        for key, child in value.items():
            if not is_text(key):
                yield path, error("NOT_YAML", "The name of a field holds characters that cannot be stored.")
            yield from _unstorable(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unstorable(child, (*path, index))
    elif isinstance(value, str) and not is_text(value):
        yield path, error("NOT_YAML", "The text holds characters that cannot be stored.")


def _structure(value: Any) -> list[contents.Found]:
    if not isinstance(value, dict):
        return [
            (
                (),
                error(
                    "NOT_A_RESOURCE",
                    "This must be one resource: an object with apiVersion, kind, metadata and spec.",
                ),
            )
        ]
    found: list[contents.Found] = [
        ((name,), error("NOT_A_RESOURCE", f"{name} must be text, such as {example}."))
        for name, example in (("apiVersion", "networking.istio.io/v1"), ("kind", "VirtualService"))
        if not isinstance(value.get(name), str)
    ]
    if not isinstance(value.get("metadata"), dict):
        found.append((("metadata",), error("NOT_A_RESOURCE", "metadata must be an object with the name.")))
    return found


def _unknown_kind(value: Mapping[str, Any]) -> contents.Found:
    wanted = [kind for kind in WRITTEN if kind.kind == value["kind"]]
    if wanted:
        groups = listed(kind.api_version for kind in wanted)
        return ("apiVersion",), error(
            "UNKNOWN_KIND", f"{value['kind']} is of {groups}, not {quoted(value['apiVersion'])}."
        )
    known = listed(sorted({kind.kind for kind in WRITTEN}))
    return ("kind",), error(
        "UNKNOWN_KIND", f"{quoted(value['kind'])} is not edited here; the kinds are {known}."
    )


def _with_namespace(manifest: Manifest, kind: Kind, namespace: str) -> Manifest:
    metadata = manifest["metadata"]
    if not kind.namespaced or not namespace or metadata.get("namespace") is not None:
        return manifest
    return {**manifest, "metadata": {**metadata, "namespace": namespace}}


def _names(kind: Kind, manifest: Manifest) -> list[contents.Found]:
    metadata = manifest["metadata"]
    name, namespace = metadata.get("name"), metadata.get("namespace")
    found: list[contents.Found] = []
    if not isinstance(name, str) or not refs.is_dns_subdomain(name):
        shown = "The name is missing." if name is None else f"{quoted(name)} cannot be the name of a {kind}."
        found.append((("metadata", "name"), error("BAD_NAME", shown)))
    if kind.namespaced and (not isinstance(namespace, str) or not refs.is_dns_label(namespace)):
        shown = (
            "The namespace is missing."
            if namespace is None
            else f"{quoted(namespace)} cannot be a namespace."
        )
        found.append((("metadata", "namespace"), error("BAD_NAME", shown)))
    if not kind.namespaced and namespace:
        found.append((("metadata", "namespace"), error("BAD_NAME", f"A {kind} has no namespace.")))
    return found


def _fields(person: PersonCluster, kind: Kind, manifest: Manifest) -> list[contents.Found]:
    try:
        schema = schema_of(person, kind, manifest["apiVersion"].rpartition("/")[2])
    except NotFound as refusal:
        return [_not_found(person, kind, refusal)]
    except ClusterError as refusal:
        return [_not_checked("meshui may not read its CustomResourceDefinitions", refusal)]
    return [
        (one.path, error("UNKNOWN_FIELD", one.message) if one.unknown else error("WRONG_FIELD", one.message))
        for one in schema.violations(manifest)
        # Said in better words already.
        if one.path[:2] not in (("metadata", "name"), ("metadata", "namespace"))
    ]


def _not_found(person: PersonCluster, kind: Kind, refusal: NotFound) -> contents.Found:
    """What to say where the cluster has no schema: it does not serve the kind, or not in this version."""
    if refusal.detail.startswith("It has "):
        return ("apiVersion",), error(
            "UNKNOWN_KIND", f"The cluster does not know this version. {refusal.detail}"
        )
    try:
        served = person.served_version(kind)
    except ClusterError as other:
        return _not_checked("meshui may not ask what it serves", other)
    if served is None:
        return ("kind",), error("UNKNOWN_KIND", f"The cluster does not serve {kind.group} {kind}.")
    return (), info(
        "FIELDS_NOT_CHECKED",
        "The fields are not checked: the cluster has no CustomResourceDefinition of this kind.",
    )


def _not_checked(forbidden: str, refusal: ClusterError) -> contents.Found:
    why = forbidden if isinstance(refusal, Forbidden) else refusal.message.rstrip(".")
    return (), info("FIELDS_NOT_CHECKED", f"The fields are not checked: {why}.")


def _rank(one: Placed) -> tuple[int, int, int]:
    return ("error", "warning", "info").index(one.problem.level), one.line, one.column


def _placed(marked: Marked, found: Sequence[contents.Found], *, analysed: bool = False) -> tuple[Placed, ...]:
    placed = []
    for path, problem in found[:MAX_PROBLEMS]:
        mark = marked.of(path)
        field = yaml_marks.path_text(path) or None
        placed.append(Placed(replace(problem, field=field), path, mark.line, mark.column, analysed))
    return tuple(sorted(placed, key=_rank))
