"""Fields: unknown ones, wrong types, durations, expressions, headers, hosts. Pure.

What Istio's own definitions would refuse, or drop in silence. The schemas are those that the caller gives
with the world: a cluster has held its objects against them already, files were held against nothing.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cluster import kinds as cluster_kinds
from routing import contents, durations
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import ISTIO
from routing.analysis.objects import Obj, mapping
from routing.analysis.world import Look
from routing.rules import quoted
from routing.yaml_files import Path

TOPIC: Final = "schemaValidation.CollectionValidationAnalyzer"
_KINDS: Final = {(kind.group, kind.kind): kind for kind in cluster_kinds.ISTIO}


def _without_nulls(value: Any) -> Any:
    """A value without the fields that are null: the API server takes those for fields that are not there."""
    if isinstance(value, dict):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


def _check(look: Look, obj: Obj) -> Iterator[Finding]:
    schema = look.world.schemas.get(obj.key.group_kind)
    if schema is not None:
        manifest = {"metadata": {"name": obj.name}, "spec": _without_nulls(obj.manifest.get("spec", {}))}
        for one in schema.violations({"apiVersion": "", "kind": "", **manifest}):
            yield finding("IST0106", obj, one.path, one.message)
        published = mapping(mapping(schema.published.get("properties")).get("spec"))
        yield from _durations(obj, published, obj.spec, ("spec",))
    kind = _KINDS.get(obj.key.group_kind)
    if kind is not None:
        for path, problem in contents.problems(kind, obj.manifest):
            yield finding("IST0106", obj, path, problem.message)


def _durations(obj: Obj, schema: Mapping[str, Any], value: Any, at: Path) -> Iterator[Finding]:
    """Durations that are none, or shorter than the millisecond that Istio counts in."""
    if isinstance(value, str) and schema.get("format") == "duration":
        if problem := duration_problem(value):
            yield finding("IST0106", obj, at, problem)
    elif isinstance(value, dict):
        fields, rest = mapping(schema.get("properties")), mapping(schema.get("additionalProperties"))
        for name, item in value.items():
            yield from _durations(obj, mapping(fields.get(name, rest)), item, (*at, name))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _durations(obj, mapping(schema.get("items")), item, (*at, index))


def duration_problem(value: str) -> str:
    """What is wrong with a duration; empty when nothing is."""
    try:
        long_enough = durations.parse(value) >= durations.MILLISECOND
    except ValueError as error:
        return str(error)
    return "" if long_enough else f"{quoted(value)} is shorter than 1ms, the least that Istio takes."


ANALYZERS: Final = tuple(
    analyzer(f"{TOPIC}{kind[1]}", "IST0106", (kind,), _check, live=False) for kind in ISTIO
)
