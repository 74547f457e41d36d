"""Reads every object of a kind, page by page, as of one moment.

Source: client-go, tools/pager: a list whose continue token expires half-way is begun anew.
"""

import time
from collections.abc import Callable
from typing import Final, Generic, TypeAlias, TypeVar

from cluster.errors import Expired, TooManyRequests
from cluster.kinds import Kind
from cluster.port import PAGE_SIZE, Cluster, Page

T = TypeVar("T")
ATTEMPTS: Final = 3
PATIENCE: Final = 5
"""How often one page is asked for before a server that is busy has its way."""
Pause: TypeAlias = Callable[[float], object]
"""Waits for some seconds."""


class Listed(Page[T], Generic[T]):
    """A whole list: a page that has no next one."""


def everything(
    cluster: Cluster,
    kind: Kind,
    shape: type[T],
    namespace: str | None = None,
    *,
    limit: int = PAGE_SIZE,
    pause: Pause = time.sleep,
) -> Listed[T]:
    """All objects of a kind, decoded as `shape`. Raises `cluster.errors.ClusterError`.

    A list that expires between two pages is begun anew, so that nothing of the old moment is mixed in; at the
    third time Expired is raised. Where the server asks for patience (429) between two pages, the same page is
    asked for again after the time that it names; before the first page TooManyRequests is raised at once.
    """

    def ask(token: str) -> Page[T]:
        return cluster.page(kind, shape, namespace=namespace, limit=limit, continue_token=token)

    for attempt in range(ATTEMPTS):
        try:
            return _whole(ask, pause)
        except Expired:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _whole(ask: Callable[[str], Page[T]], pause: Pause) -> Listed[T]:
    items: list[T] = []
    token = ""
    while True:
        page = _patiently(ask, token, pause)
        items += page.items
        token = page.continue_token
        if not token:
            return Listed(tuple(items), page.resource_version)


def _patiently(ask: Callable[[str], Page[T]], token: str, pause: Pause) -> Page[T]:
    for _ in range(PATIENCE - 1):
        try:
            return ask(token)
        except TooManyRequests as error:
            if not token:
                raise
            pause(error.retry_after)
    return ask(token)
