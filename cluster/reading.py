"""Reads every object of a kind, page by page, as of one moment.

Source: client-go, tools/pager: a list whose continue token expires half-way is begun anew.
"""

from typing import Final, Generic, TypeVar

from cluster.errors import Expired
from cluster.kinds import Kind
from cluster.port import PAGE_SIZE, Cluster, Page

T = TypeVar("T")
ATTEMPTS: Final = 3


class Listed(Page[T], Generic[T]):
    """A whole list: a page that has no next one."""


def everything(
    cluster: Cluster, kind: Kind, shape: type[T], namespace: str | None = None, *, limit: int = PAGE_SIZE
) -> Listed[T]:
    """All objects of a kind, decoded as `shape`. Raises `cluster.errors.ClusterError`.

    A list that expires between two pages is begun anew, so that nothing of the old moment is mixed in; at the
    third time Expired is raised.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _whole(cluster, kind, shape, namespace, limit)
        except Expired:
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _whole(cluster: Cluster, kind: Kind, shape: type[T], namespace: str | None, limit: int) -> Listed[T]:
    items: list[T] = []
    token = ""
    while True:
        page = cluster.page(kind, shape, namespace=namespace, limit=limit, continue_token=token)
        items += page.items
        token = page.continue_token
        if not token:
            return Listed(tuple(items), page.resource_version)
