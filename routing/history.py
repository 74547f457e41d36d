"""Finds changes: by words, place, person, outcome and time."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from cluster.person import PersonCluster
from routing import scope, stored
from routing.models import Change


def found(person: PersonCluster, asked: Mapping[str, Any]) -> QuerySet[Change]:
    """The changes that the person may see and that fit all that is asked, the newest first.

    `q` is looked for in summary, note, message and the names of the resources; `namespace` and `service`
    (`name` or `namespace/name`) are those that a change is about, `namespaces` several; `by` a username;
    `state`; `since` (from) and `until` (before) moments; `before` the number of a change. What is absent or
    empty does not count.
    """
    rows = scope.seen_by(person, Change.objects.annotate(about=Cast("services", TextField())))
    for name, condition in _CONDITIONS.items():
        if asked.get(name):
            rows = rows.filter(condition(asked[name]))
    return rows.select_related("by", "plan").prefetch_related(*stored.LINKED).order_by("-pk")


def page_of(rows: QuerySet[Change], limit: int) -> tuple[list[Change], int | None]:
    """The first `limit` of these rows, and the `before` of the next page (None on the last)."""
    page = list(rows[: limit + 1])
    return page[:limit], page[limit - 1].pk if len(page) > limit else None


def about_services(names: Iterable[str]) -> Q:
    """Changes that are about one of these services (`namespace/name`); their `about` is annotated."""
    return Q(*(_service(name) for name in names), _connector=Q.OR) if names else Q(pk__in=())


def _words(text: str) -> Q:
    places = ("summary", "note", "message", "touches")
    return Q(*((f"{place}__icontains", text) for place in places), _connector=Q.OR)


def _namespace(name: str) -> Q:
    return Q(namespace=name) | Q(about__contains=f'"{name}/') | Q(touches__contains=f"/{name}/")


def _namespaces(names: Iterable[str]) -> Q:
    return Q(*map(_namespace, names), _connector=Q.OR)


def _service(name: str) -> Q:
    return Q(about__contains=f'"{name}"' if "/" in name else f'/{name}"')


_CONDITIONS: Final[Mapping[str, Callable[[Any], Q]]] = {
    "q": _words,
    "namespace": _namespace,
    "namespaces": _namespaces,
    "service": _service,
    "by": lambda name: Q(by__username=name),
    "state": lambda state: Q(state=state),
    "since": lambda moment: Q(at__gte=moment),
    "until": lambda moment: Q(at__lt=moment),
    "before": lambda number: Q(pk__lt=number),
}
