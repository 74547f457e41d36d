"""What every page's frame needs: the rail's entries and the version."""

from typing import TypedDict

from django.http import HttpRequest

PAGES = (
    ("graph", "Graph", "/graph/"),
    ("routing", "Routing", "/routing/"),
    ("changes", "Changes", "/changes/"),
)


class Entry(TypedDict):
    """One entry of the left rail."""

    key: str
    title: str
    url: str
    current: bool


def shell(request: HttpRequest) -> dict[str, object]:
    """Template context of the frame around every page."""
    entries = [
        Entry(key=key, title=title, url=url, current=request.path.startswith(url))
        for key, title, url in PAGES
    ]
    return {"rail": entries}
