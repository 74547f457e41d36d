"""What the REST calls about traffic have in common: who asks, what is known now, and what was.

Never waits for a source, but for one that is asked about the past, and for that not long.
"""

from collections.abc import Coroutine
from typing import Any, TypeVar

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from rest_framework.exceptions import APIException, NotFound
from rest_framework.request import Request

from cluster import people
from cluster.access import Visible
from telemetry import frames, lookback, rights, runtime
from telemetry.observation import Observation
from telemetry.past import NoHistory
from telemetry.runtime import Runtime
from telemetry.source import SourceUnavailable

Answer = TypeVar("Answer")


class UnavailableError(APIException):
    """There are no figures to answer with."""

    status_code = 503
    default_code = "unavailable"
    default_detail = "The source of metrics has not answered yet."


def latest(request: Request) -> tuple[Runtime, Observation, Visible]:
    """What observes the cluster, its latest reading, and what who asks may see."""
    running, visible = observed(request)
    if running.collector.latest is None:
        raise UnavailableError(running.collector.state.shortfall.told_to(visible) or None)
    return running, running.collector.latest, visible


def observed(request: Request) -> tuple[Runtime, Visible]:
    """What observes the cluster, whether or not it has a reading, and what who asks may see."""
    person = people.acting(request)
    sight = rights.ask(person)
    if not sight.answered:
        raise UnavailableError(sight.notice)
    try:
        return runtime.of(person.name), sight.visible
    except runtime.NotRunningError as error:
        raise UnavailableError(str(error)) from error


def of_the_past(answer: Coroutine[Any, Any, Answer], visible: Visible) -> Answer:
    """The answer of telemetry.lookback, or the error that says why there is none."""
    try:
        return async_to_sync(lookback.bounded)(answer)
    except NoHistory as error:
        raise NotFound(str(error)) from error
    except SourceUnavailable as error:
        raise UnavailableError(error.shortfall.told_to(visible) or None) from error
    except TimeoutError as error:
        raise UnavailableError(
            f"The source of metrics did not answer within {lookback.ANSWER_SECONDS:g} s."
        ) from error


def as_json(answer: dict[str, object]) -> HttpResponse:
    """Written by the same encoder as the websocket's frames, which knows their types."""
    return HttpResponse(frames.encode(answer), content_type="application/json")
