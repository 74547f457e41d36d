"""What every page's frame needs: the entries of its rail."""

from typing import TypedDict

from django.http import HttpRequest

# Key, title, and the addresses that belong to the entry; the first is where it leads.
PAGES = (
    ("graph", "Graph", ("/graph/",)),
    ("routing", "Routing", ("/routing/", "/plans/")),
    ("changes", "Changes", ("/changes/",)),
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
        Entry(key=key, title=title, url=addresses[0], current=request.path.startswith(addresses))
        for key, title, addresses in PAGES
    ]
    return {"rail": entries}
