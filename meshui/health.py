"""Whether this process lives and can do its work: for probes, without a sign-in and without details."""

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from telemetry import runtime


@login_not_required
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when the database and the source of metrics answer, else 503; says which does not, and no more."""
    checks = {"database": _database(), "source": _source()}
    return JsonResponse({"checks": checks}, status=200 if all(checks.values()) else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _source() -> bool:
    return runtime.source_is_live()
