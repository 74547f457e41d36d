"""What every page's frame needs: the entries of its rail, and the clusters to choose from."""

from typing import TypedDict

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from cluster import connection, people
from cluster.connection import UnknownClusterError
from meshui.clusters import PREFIX
from routing import live_analysis

# Key, title, and the names of the pages that belong to the entry; the first is where it leads.
PAGES = (
    ("overview", "Overview", ("overview",)),
    ("graph", "Graph", ("graph", "figures")),
    ("routing", "Routing", ("routing", "routing-service", "plan")),
    ("changes", "Changes", ("changes", "change")),
    ("config", "Config", ("config", "config-resource", "config-new")),
    ("inventory", "Inventory", ("inventory",)),
)


class Entry(TypedDict):
    """One entry of the left rail."""

    key: str
    title: str
    url: str
    current: bool
    badge: int


class Choice(TypedDict):
    """One cluster of the top bar's chooser."""

    name: str
    url: str
    current: bool


def shell(request: HttpRequest) -> dict[str, object]:
    """Template context of every page's frame; `base` is where the console begins for this cluster."""
    match = request.resolver_match
    shown = match.view_name if match else ""
    problems = _problems(request)
    rail = [
        Entry(
            key=key,
            title=title,
            url=reverse(names[0]),
            current=shown in names,
            badge=problems if key == "config" else 0,
        )
        for key, title, names in PAGES
    ]
    return {"rail": rail, "base": get_script_prefix(), "clusters": _clusters(request)}


def _problems(request: HttpRequest) -> int:
    """How many problems of the configuration, besides mere hints, this person was last shown."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return 0
    try:
        person = people.acting(request)
    except UnknownClusterError:
        return 0
    return live_analysis.count(person)


def _clusters(request: HttpRequest) -> list[Choice]:
    """Every configured cluster; where there is but one, there is nothing to choose."""
    names = connection.names()
    if len(names) < 2:
        return []
    chosen = getattr(request, "cluster", "") or names[0]
    return [Choice(name=name, url=f"{PREFIX}{name}/", current=name == chosen) for name in names]
