"""One shape for every error that the REST API answers, wherever it arose.

    {"error": {"code", "message", "fields": [{"field", "message"}], ...}}

Rest framework's own exceptions and the cluster's family are known here; an exception of an
app that is neither derives from `APIException` and may carry `fields` (a list of field
errors) and `extra` (more members of "error").
"""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from cluster import errors
from cluster.connection import UnknownClusterError

CODES: Mapping[int, str] = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    429: "too_many_requests",
    503: "unavailable",
}
"""The `code` of an error by its status; the documents name each."""


def handle(exc: Exception, context: Mapping[str, Any]) -> Response | None:  # noqa: ARG001
    """Rest framework's EXCEPTION_HANDLER. None lets an unknown
    exception through: a fault of ours, status 500.
    """
    if isinstance(exc, errors.ClusterError):
        answer = _cluster_error(exc)
    elif isinstance(exc, exceptions.ValidationError):
        answer = body(400, "The request is not valid.", flatten(exc.detail))
    elif isinstance(exc, exceptions.APIException):
        answer = _api_exception(exc)
    elif isinstance(exc, UnknownClusterError):
        answer = body(404, "There is no such cluster.")
    elif isinstance(exc, Http404):
        answer = body(404, "There is nothing at this address.")
    elif isinstance(exc, PermissionDenied):
        answer = body(403, "You are not allowed to do this.")
    else:
        return None
    set_rollback()
    return answer


def body(
    status: int,
    message: str,
    fields: list[dict[str, str]] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> Response:
    """The answer for an error, in the one shape."""
    error = {"code": CODES.get(status, "invalid"), "message": message, "fields": fields or []}
    return Response({"error": {**error, **(extra or {})}}, status=status)


def flatten(detail: Any, field: str = "") -> list[dict[str, str]]:
    """Rest framework's nested error details as a flat list; a path reads `rules[0].weights`."""
    if isinstance(detail, Mapping):
        pairs = [(f"{field}.{key}" if field else str(key), value) for key, value in detail.items()]
        return [error for name, value in pairs for error in flatten(value, name)]
    if isinstance(detail, list):
        nested = any(isinstance(value, Mapping | list) for value in detail)
        names = [f"{field}[{index}]" if nested else field for index in range(len(detail))]
        return [error for name, value in zip(names, detail, strict=True) for error in flatten(value, name)]
    name = "" if field.rpartition(".")[2] == "non_field_errors" else field
    return [{"field": name, "message": str(detail)}]


def _api_exception(exc: exceptions.APIException) -> Response:
    message = exc.detail if isinstance(exc.detail, str) else "The request is not valid."
    answer = body(exc.status_code, message, getattr(exc, "fields", None), getattr(exc, "extra", None))
    # Without this header a 401 would not be one (RFC 9110, 11.6.1); rest framework prepares both.
    challenge = getattr(exc, "auth_header", None)
    if challenge:
        answer["WWW-Authenticate"] = challenge
    wait = getattr(exc, "wait", None)
    if wait is not None:
        answer["Retry-After"] = str(int(wait))
    return answer


def _cluster_error(exc: errors.ClusterError) -> Response:
    """The cluster's refusals. That *it* does not accept *us* is no fault of the caller: 503, never 401."""
    if isinstance(exc, errors.TooManyRequests):
        answer = body(503, exc.message)
        answer["Retry-After"] = str(int(exc.retry_after) or 1)
        return answer
    if isinstance(exc, errors.Invalid):
        causes = [{"field": cause.field, "message": cause.message} for cause in exc.causes]
        return body(422, exc.message, causes)
    statuses: list[tuple[type[errors.ClusterError], int]] = [
        (errors.Forbidden, 403),
        (errors.NotFound, 404),
        (errors.AlreadyExists, 409),
        (errors.Conflict, 409),
    ]
    return body(next((code for kind, code in statuses if isinstance(exc, kind)), 503), exc.message)
