"""What every page's frame needs: the entries of its rail, and the clusters to choose from."""

from typing import TypedDict

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from cluster import connection, people
from cluster.connection import UnknownClusterError
from meshui.clusters import PREFIX
from routing import live_analysis, rolling_now

# Key, title, and the names of the pages that belong to the entry; the first is where it leads.
PAGES = (
    ("overview", "Overview", ("overview",)),
    ("graph", "Graph", ("graph", "figures")),
    ("routing", "Routing", ("routing", "routing-service", "plan")),
    ("rollouts", "Rollouts", ("rollouts", "rollout", "rollout-new")),
    ("changes", "Changes", ("changes", "change")),
    ("config", "Config", ("config", "config-resource", "config-new")),
    ("inventory", "Inventory", ("inventory",)),
)
BADGES = {
    "config": ("problem", "problems"),
    "rollouts": ("rollout stands still", "rollouts stand still"),
}
"""What an entry's number counts: one of it, and several."""


class Entry(TypedDict):
    """One entry of the left rail."""

    key: str
    title: str
    url: str
    current: bool
    badge: int
    badge_words: str


class Choice(TypedDict):
    """One cluster of the top bar's chooser."""

    name: str
    url: str
    current: bool


def shell(request: HttpRequest) -> dict[str, object]:
    """Template context of every page's frame; `base` is where the console begins for this cluster."""
    match = request.resolver_match
    shown = match.view_name if match else ""
    badges = _badges(request)
    rail = [
        Entry(
            key=key,
            title=title,
            url=reverse(names[0]),
            current=shown in names,
            badge=badges.get(key, 0),
            badge_words=_words(badges.get(key, 0), *BADGES.get(key, ("", ""))),
        )
        for key, title, names in PAGES
    ]
    return {"rail": rail, "base": get_script_prefix(), "clusters": _clusters(request)}


def _badges(request: HttpRequest) -> dict[str, int]:
    """What needs a person, by entry: the problems of the configuration, besides mere hints, that this one was
    last shown, and the rollouts that stand still.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    try:
        person = people.acting(request)
    except UnknownClusterError:
        return {}
    return {"config": live_analysis.count(person), "rollouts": rolling_now.standing_still(person)}


def _words(count: int, one: str, many: str) -> str:
    return one if count == 1 else many


def _clusters(request: HttpRequest) -> list[Choice]:
    """Every configured cluster; where there is but one, there is nothing to choose."""
    names = connection.names()
    if len(names) < 2:
        return []
    chosen = getattr(request, "cluster", "") or names[0]
    return [Choice(name=name, url=f"{PREFIX}{name}/", current=name == chosen) for name in names]
