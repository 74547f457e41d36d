"""The configuration of the mesh: all its resources with their problems, one as YAML, and a new one."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people
from cluster.errors import ClusterError, Forbidden, NotFound
from cluster.identity import Ask
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import (
    configuration,
    diff,
    examples,
    live_analysis,
    mesh_problems,
    presenting,
    stored,
    yaml_io,
    yaml_marks,
)
from routing.analysis.findings import Finding
from routing.analysis.messages import TABLE
from routing.analysis.objects import Key
from routing.configuration import BY_DEFINITION
from routing.rules.objects import WRITABLE
from routing.views.base import shell

SHOWN: Final = 500
"""Rows of a page; the filters find the rest."""
STATUS: Final = {"error": "failing", "warning": "degraded", "info": "info"}


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """All resources of Istio and the Gateway API that the person may read, the worst first."""
    person = people.acting(request)
    found = configuration.everything(person)
    chosen = [name for name in request.GET.get("ns", "").split(",") if name]
    filters = {name: request.GET.get(name, "") for name in ("kind", "q", "only")}
    matching = [row for row in found.resources if _matches(row, chosen, filters)]
    first = _first_findings(live_analysis.findings(person))
    known_at = (
        timezone.now() - timedelta(seconds=found.age_seconds) if found.age_seconds is not None else None
    )
    context = {
        "rows": [_row(row, first) for row in matching[:SHOWN]],
        "count": len(matching),
        "every": len(found.resources),
        "left_out": max(0, len(matching) - SHOWN),
        "sums": _sums(matching),
        "kinds": [{"definition": name, "title": _title(kind)} for name, kind in BY_DEFINITION.items()],
        "namespaces": sorted({row["namespace"] for row in found.resources if row["namespace"]}),
        "chosen_namespaces": chosen,
        "filters": filters,
        "filtered": bool(chosen or any(filters.values())),
        "away": found.problem,
        "known_at": known_at,
    }
    return render(request, "config/index.html", context)


@never_cache
@require_GET
def resource(request: HttpRequest, definition: str, namespace: str, name: str) -> HttpResponse:
    """One resource: its YAML to edit, its problems, who keeps it, what it steers, and what meshui changed."""
    person = people.acting(request)
    ref = _ref(definition, namespace, name)
    manifest, away = _read(person, ref)
    text = diff.to_yaml(manifest)
    findings = [each for each in live_analysis.findings(person) if each.subject == _key(ref)]
    cures = [each for each in mesh_problems.told(person, findings) if each["cure"]]
    changes = configuration.changes_of(person, ref)
    context = {
        "ref": ref,
        "title": _title(ref.kind),
        "about": configuration.about(ref.kind, manifest),
        "text": text,
        "rows": text.count("\n") + 2,
        "findings": _placed(findings, text),
        "cures": cures,
        "cure_rules": [each["cure"] for each in cures],
        "managers": configuration.managers(manifest),
        "services": _services(person, ref.kind, manifest),
        "changes": [presenting.change(stored.change_view(row)) for row in changes],
        "away": away,
        "may_not": person.why_not(Ask("update", ref.kind, ref.namespace, ref.name)),
        "may_not_delete": person.why_not(Ask("delete", ref.kind, ref.namespace, ref.name)),
        "example": shell({"rules": [{"kind": "object", "manifest": diff.content(manifest)}]}),
        "data": {
            "mode": "edit",
            "text": text,
            "resource": stored.resource(ref),
            "resourceVersion": manifest["metadata"].get("resourceVersion", ""),
            "kinds": _written(),
        },
    }
    return render(request, "config/resource.html", context)


@never_cache
@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """A new resource, from what one of its kind may look like."""
    person = people.acting(request)
    kind = BY_DEFINITION.get(request.GET.get("kind", ""), WRITABLE[0])
    places = configuration.places(person)
    asked = request.GET.get("ns", "").partition(",")[0]
    namespace = asked if asked in places else next(iter(places), "")
    text = examples.of(kind, namespace)
    context = {
        "kind": kind,
        "title": _title(kind),
        "definition": f"{kind.plural}.{kind.group}",
        "namespace": namespace,
        "places": places,
        "kinds": [{"definition": name, "title": _title(each)} for name, each in BY_DEFINITION.items()],
        "text": text,
        "rows": text.count("\n") + 8,
        "may_not": person.why_not(Ask("create", kind, namespace)) if namespace else "",
        "example": shell({"rules": [{"kind": "object", "manifest": yaml_io.read(text)}]}),
        "data": {"mode": "new", "text": "", "resource": None, "resourceVersion": "", "kinds": _written()},
    }
    return render(request, "config/new.html", context)


def _ref(definition: str, namespace: str, name: str) -> Ref:
    """The resource of an address. Raises Http404 for an impossible one."""
    kind = BY_DEFINITION.get(definition)
    if kind is None:
        raise Http404
    try:
        return Ref(kind, namespace, name).checked()
    except ValueError as error:
        raise Http404 from error


def _read(person: PersonCluster, ref: Ref) -> tuple[Manifest, str]:
    """A resource as it stands, or as it was last known and why it is not newer. Raises Http404."""
    try:
        return person.get(ref), ""
    except (Forbidden, NotFound) as error:
        raise Http404 from error
    except ClusterError as error:
        manifest = configuration.known(person, ref)
        if manifest is None:
            raise
        return manifest, error.message


def _matches(row: dict[str, Any], chosen: list[str], filters: dict[str, str]) -> bool:
    text = f"{row['kind']} {row['namespace']}/{row['name']} {row['about']} {' '.join(row['managers'])}"
    return (
        (not chosen or row["namespace"] in chosen)
        and filters["kind"] in ("", row["definition"])
        and all(word in text.lower() for word in filters["q"].lower().split())
        and (filters["only"] != "problems" or row["count"] > 0)
    )


def _row(row: dict[str, Any], first: dict[Key, Finding]) -> dict[str, Any]:
    found = first.get(Key(row["group"], row["kind"], row["namespace"], row["name"]))
    return {**row, "status": STATUS.get(row["worst"], ""), "first": found}


def _first_findings(findings: Iterable[Finding]) -> dict[Key, Finding]:
    """The worst finding of each resource."""
    levels = ["Error", "Warning", "Info"]
    first: dict[Key, Finding] = {}
    for each in sorted(findings, key=lambda one: levels.index(one.level)):
        first.setdefault(each.subject, each)
    return first


def _sums(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"level": level, "status": STATUS[level], "count": count}
        for level in STATUS
        if (count := sum(row["problems"][level] for row in rows))
    ]


def _placed(findings: list[Finding], text: str) -> list[dict[str, Any]]:
    """Findings with the line of their field, and the cure of their code."""
    marked = yaml_marks.read(text) if text else yaml_marks.Marked(None, {})
    placed = []
    for each in findings:
        mark, told = marked.of(each.at), TABLE.get(each.code)
        placed.append(
            {
                "level": each.level.lower(),
                "status": STATUS[each.level.lower()],
                "code": each.code,
                "message": each.message,
                "path": each.path,
                "line": mark.line,
                "column": mark.column,
                "cause": told.cause if told else "",
                "cure": told.cure if told else "",
            }
        )
    return sorted(placed, key=lambda one: (list(STATUS).index(one["level"]), one["line"]))


def _services(person: PersonCluster, kind: Kind, manifest: Manifest) -> list[dict[str, str]]:
    return [
        {"namespace": namespace, "name": name}
        for namespace, name in configuration.services_of(kind, manifest)
        if person.readable(namespace)
    ]


def _key(ref: Ref) -> Key:
    return Key(ref.kind.group, ref.kind.kind, ref.namespace, ref.name)


def _title(kind: Kind) -> str:
    """The name of a kind; of two of one name, with where it is from."""
    twin = sum(other.kind == kind.kind for other in WRITABLE) > 1
    return f"{kind.kind} ({kind.group})" if twin else kind.kind


def _written() -> list[dict[str, str]]:
    return [{"apiVersion": kind.api_version, "kind": kind.kind} for kind in WRITABLE]
