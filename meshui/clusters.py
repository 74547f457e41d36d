"""Which cluster a request is about: `/clusters/<name>/...` is the console as it looks onto that cluster.

Everything below the prefix is what stands without it, so that a link carries its cluster, and `reverse` and
`{% url %}` stay inside. Without the prefix it is the default cluster.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import get_script_prefix, set_script_prefix

from cluster import connection

PREFIX = "/clusters/"
GetResponse = Callable[[HttpRequest], HttpResponse]


class ClusterMiddleware:
    """Takes the prefix off the path, and notes the name as `request.cluster` (empty: the default cluster)."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on; a cluster that is not configured stays a path that nobody knows: 404."""
        name, rest = split(request.path_info)
        request.cluster = name  # type: ignore[attr-defined]
        if not name:
            return self._get_response(request)
        outside = get_script_prefix()
        set_script_prefix(f"{outside.rstrip('/')}{PREFIX}{name}/")
        request.path_info = rest
        try:
            return self._get_response(request)
        finally:
            set_script_prefix(outside)


def split(path: str) -> tuple[str, str]:
    """The configured cluster that a path names, and the path within; no name for a path without one."""
    if not path.startswith(PREFIX):
        return "", path
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    return (name, f"/{rest}") if name in connection.names() else ("", path)
