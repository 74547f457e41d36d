"""Which cluster a request is about: `/clusters/<name>/...` is the console as it looks onto that cluster.

Everything below the prefix is what stands without it, so that a link carries its cluster, and `reverse` and
`{% url %}` stay inside. Without the prefix it is the default cluster.
"""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import get_script_prefix, set_script_prefix

from cluster import connection
from cluster.refs import is_dns_label

PREFIX = "/clusters/"
GetResponse = Callable[[HttpRequest], HttpResponse]


class ClusterMiddleware:
    """Takes the prefix off the path, and notes the name as `request.cluster` (empty: the default cluster)."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on, in the place that its address names."""
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

    def process_view(self, request: HttpRequest, *_view: Any) -> None:
        """A cluster that is not configured is not found; a stranger is asked to sign in first, as anywhere.

        The REST interface knows its people by their tokens, too, and says it in its own shape.
        """
        name: str = request.cluster  # type: ignore[attr-defined]
        if request.path_info.startswith("/api/") or not request.user.is_authenticated:
            return
        if name and name not in connection.names():
            raise Http404


def split(path: str) -> tuple[str, str]:
    """The cluster that a path names, configured or not, and the path within; no name for a path without."""
    if not path.startswith(PREFIX):
        return "", path
    name, _, rest = path.removeprefix(PREFIX).partition("/")
    return (name, f"/{rest}") if is_dns_label(name) else ("", path)
