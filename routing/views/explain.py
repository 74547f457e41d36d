"""A request explained: the form, and below it the answer. The address carries the question."""

from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people
from routing import explain, worlds
from routing.explain import asking, shown
from routing.rules import RulesError

_MOST_HOSTS: Final = 500
"""That the field for the host offers."""
_MORE: Final = ("scheme", "gateway", "sni", "address")


@never_cache
@require_GET
def question(request: HttpRequest) -> HttpResponse:
    """The form, and the answer where a question was asked."""
    given = _given(request)
    seen = worlds.seen(people.acting(request))
    known_at = None if seen.age_seconds is None else timezone.now() - timedelta(seconds=seen.age_seconds)
    context: dict[str, Any] = {
        "given": {name: "\n".join(values) for name, values in given.items()},
        "methods": asking.METHODS,
        "hosts": sorted(seen.world.hosts)[:_MOST_HOSTS],
        "gateways": [_name(each) for each in seen.world.gateways],
        "more": any(given.get(name) for name in _MORE),
        "known_at": known_at,
        "away": seen.problem,
        "errors": {},
    }
    if not given:
        return render(request, "routing/explain.html", context)
    try:
        asked, caller = asking.read(given)
    except RulesError as error:
        context["errors"] = {each.field: each.message for each in reversed(error.errors)}
        return render(request, "routing/explain.html", context, status=422)
    if seen.age_seconds is not None:
        context["answer"] = shown.page(explain.explain(seen.world, asked, caller))
    query = urlencode([(name, value) for name, values in given.items() for value in values])
    context["api_path"] = f"{reverse('api-explain')}?{query}"
    return render(request, "routing/explain.html", context)


def _given(request: HttpRequest) -> dict[str, list[str]]:
    """The fields of the question that are filled. A header stands on each line of its field."""
    found: dict[str, list[str]] = {}
    for name in asking.FIELDS:
        texts = request.GET.getlist(name)
        split = [line for text in texts for line in (text.splitlines() if name == "header" else [text])]
        if filled := [line.strip() for line in split if line.strip()]:
            found[name] = filled
    return found


def _name(manifest: dict[str, Any]) -> str:
    return f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"
