"""What every page's frame needs: the entries of its rail, and the clusters to choose from."""

from typing import TypedDict

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from cluster import connection
from meshui.clusters import PREFIX

# Key, title, and the names of the pages that belong to the entry; the first is where it leads.
PAGES = (
    ("graph", "Graph", ("graph",)),
    ("routing", "Routing", ("routing", "routing-service", "plan")),
    ("changes", "Changes", ("changes", "change")),
    ("inventory", "Inventory", ("inventory",)),
)


class Entry(TypedDict):
    """One entry of the left rail."""

    key: str
    title: str
    url: str
    current: bool


class Choice(TypedDict):
    """One cluster of the top bar's chooser."""

    name: str
    url: str
    current: bool


def shell(request: HttpRequest) -> dict[str, object]:
    """Template context of every page's frame; `base` is where the console begins for this cluster."""
    match = request.resolver_match
    shown = match.view_name if match else ""
    rail = [
        Entry(key=key, title=title, url=reverse(names[0]), current=shown in names)
        for key, title, names in PAGES
    ]
    return {"rail": rail, "base": get_script_prefix(), "clusters": _clusters(request)}


def _clusters(request: HttpRequest) -> list[Choice]:
    """Every configured cluster; where there is but one, there is nothing to choose."""
    names = connection.names()
    if len(names) < 2:
        return []
    chosen = getattr(request, "cluster", "") or names[0]
    return [Choice(name=name, url=f"{PREFIX}{name}/", current=name == chosen) for name in names]
