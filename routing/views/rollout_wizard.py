"""The page on which a rollout is put together and started. It writes nothing: its script asks REST.

What it knows of a service comes from the watch cache, and is asked for again when another one is chosen.
"""

import json
from typing import Any, Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people, refs
from cluster.identity import Ask, Verb
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from routing import live, scope, services
from routing.models import Rollout
from routing.rollouts import parsing, spec
from routing.rollouts.states import ENDED
from routing.rules import RulesError
from routing.views import rollout_form
from routing.views.base import shell, traffic_of

Json = dict[str, Any]
DEFAULT_PRESET: Final = "quick"
_WRITES: Final[tuple[Verb, ...]] = ("create", "update")
NAMED: Final = ("namespace", "service", "baseline", "canary")
_OF_PRESET: Final = ("strategy", "steps")
_LONGEST: Final = 63
"""Of a name of a namespace, of a service, and of a version."""
_LONGEST_SPEC: Final = 8_000


@never_cache
@require_GET
def new(request: HttpRequest) -> HttpResponse:
    """The form. The address can say what is chosen: ?namespace=&service=&baseline=&canary=&preset=, what is
    not as it is by itself (?spec=, JSON), or ?from= a rollout to do as before.
    """
    person = people.acting(request)
    seen = live.seen(person)
    names = _names(seen)
    body, preset = _asked(request, person)
    about = _about(person, body["namespace"], body["service"])
    body |= _versions(body, about)
    context: Json = {
        "page": {
            "choices": names,
            "about": about,
            "presets": {name: _usual(name) for name in spec.PRESETS},
            "spec": body,
            "usual": {
                name: value for name, value in _usual(DEFAULT_PRESET).items() if name not in _OF_PRESET
            },
            "limits": {"steps": parsing.MAX_STEPS, "guards": parsing.MAX_GUARDS, "urls": parsing.MAX_URLS},
            "service_path": reverse("rollout-new-service"),
        },
        "form": rollout_form.typed(body),
        "about": about,
        "versions": _rows(body, about),
        "namespaces_known": _with(list(names), body["namespace"]),
        "services_known": _with(names.get(body["namespace"], []), body["service"]),
        "away": seen.problem,
        "known_at": services.Services([], seen.age_seconds, seen.problem).known_at,
        "chosen_preset": preset,
        "presets": [(name, name.capitalize()) for name in spec.PRESETS],
        "strategies": rollout_form.STRATEGIES,
        "stages": rollout_form.STAGES,
        "formats": rollout_form.FORMATS,
        "units": [unit for unit, _ in reversed(rollout_form.UNITS)],
        "example": shell(body),
    }
    return render(request, "rollouts/new.html", context)


@never_cache
@require_GET
def service(request: HttpRequest) -> JsonResponse:
    """What the form shows of one service, as JSON: ?namespace=&service=."""
    person = people.acting(request)
    return JsonResponse(_about(person, _given(request, "namespace"), _given(request, "service")))


def _given(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").strip()[:_LONGEST]


def _names(seen: live.Seen) -> dict[str, list[str]]:
    """Every namespace with its services, both in order."""
    found: dict[str, list[str]] = {}
    for each in seen.live.services:
        found.setdefault(each.namespace, []).append(each.name)
    return {namespace: sorted(found[namespace]) for namespace in sorted(found)}


def _asked(request: HttpRequest, person: PersonCluster) -> tuple[Json, str]:
    """What the address asks for, as POST rollouts takes it, and the preset that it is (or none)."""
    given = {name: _given(request, name) for name in NAMED}
    before = _before(person, request.GET.get("from", ""))
    if before is not None:
        return before | {name: value for name, value in given.items() if value}, ""
    preset = _given(request, "preset")
    preset = preset if preset in spec.PRESETS else DEFAULT_PRESET
    body = {**given, **_usual(preset)}
    own = _own(request.GET.get("spec", ""), body)
    return {**body, **own}, "" if own.keys() & set(_OF_PRESET) else preset


def _own(text: str, body: Json) -> Json:
    """What an address says besides, where all of it can be asked for; else nothing."""
    try:
        said = json.loads(text) if 0 < len(text) <= _LONGEST_SPEC else None
    except (ValueError, RecursionError):
        return {}
    if not isinstance(said, dict) or said.keys() & {*NAMED, "notify", "gates"}:
        return {}
    try:
        found = parsing.parse({**body, **said, **dict.fromkeys(NAMED, "a"), "canary": "b"})
    except RulesError:
        return {}
    return {name: value for name, value in spec.to_json(found).items() if name in said}


def _before(person: PersonCluster, number: str) -> Json | None:
    """What an earlier rollout asked for, where this person may see it."""
    if not (number.isascii() and number.isdigit() and len(number) < len(str(2**63))):
        return None
    row = scope.seen_by(person, Rollout.objects.filter(pk=int(number))).first()
    return None if row is None else dict(row.spec)


def _about(person: PersonCluster, namespace: str, name: str) -> Json:
    """A service as the form shows it; to who may not read its namespace it is as if it were not there."""
    none: Json = {
        "namespace": namespace,
        "service": name,
        "found": False,
        "versions": [],
        "sentence": "",
        "refusal": "",
        "running": None,
    }
    if not refs.is_dns_label(namespace) or not refs.is_dns_label(name) or not person.readable(namespace):
        return none
    items = services.one(person, traffic_of(person), namespace, name).items
    if not items:
        return none
    routing = items[0]["routing"]
    return {
        **none,
        "found": True,
        "versions": items[0]["versions"],
        "sentence": routing["sentence"],
        "refusal": _may_not_write(person, namespace) or routing["reason"],
        "running": _running(person, namespace, name),
    }


def _may_not_write(person: PersonCluster, namespace: str) -> str:
    """Why this person can start nothing in a namespace; empty where he may write what a rollout writes."""
    for kind in (VIRTUAL_SERVICE, DESTINATION_RULE):
        refusals = [person.why_not(Ask(verb, kind, namespace)) for verb in _WRITES]
        if all(refusals):
            return refusals[-1]
    return ""


def _running(person: PersonCluster, namespace: str, name: str) -> Json | None:
    """The rollout that occupies a service; without its id to who may not see it."""
    rows = Rollout.objects.filter(cluster=person.name, namespace=namespace, service=name)
    row = rows.exclude(status__in=ENDED).order_by("pk").first()
    if row is None:
        return None
    seen = scope.seen_by(person, rows.filter(pk=row.pk)).exists()
    return {"id": row.pk if seen else None, "status": row.status, "canary": row.canary if seen else ""}


def _versions(body: Json, about: Json) -> Json:
    """Baseline and canary: as given, else the one with the most, and the other where there are two."""
    baseline, canary = body["baseline"], body["canary"]
    versions = about["versions"]
    if not baseline and versions:
        baseline = max(versions, key=_part)["version"]
    if not canary and len(versions) == 2:
        canary = next(each["version"] for each in versions if each["version"] != baseline)
    return {"baseline": baseline, "canary": canary}


def _part(version: Json) -> float:
    """What a version has of the requests, or of the pods where no rule says it."""
    return float(version["ready_pods"] if version["weight"] is None else version["weight"])


def _rows(body: Json, about: Json) -> list[Json]:
    """The versions to choose from, with those that are asked for and not deployed."""
    known = [each["version"] for each in about["versions"]]
    others = [body[name] for name in ("baseline", "canary") if body[name] and body[name] not in known]
    rows = [*about["versions"], *({"version": name, "pods": None} for name in dict.fromkeys(others))]
    return [
        {
            **row,
            "is_baseline": row["version"] == body["baseline"],
            "is_canary": row["version"] == body["canary"],
        }
        for row in rows
    ]


def _with(names: list[str], chosen: str) -> list[str]:
    """Names with the chosen one, though nothing is known of it."""
    return names if not chosen or chosen in names else [chosen, *names]


def _usual(preset: str) -> Json:
    """Everything that a rollout has by itself, with a preset's strategy and steps."""
    strategy, steps = spec.PRESETS[preset]
    usual = spec.to_json(spec.Spec("", "", "", "", steps, strategy))
    return {name: value for name, value in usual.items() if name not in NAMED}
