"""Lets answers about rollouts wait for news, without a thread in which the rest of the console waits, too.

Rest framework's views are synchronous. A view says by `later` what its answer is to wait for; `patient` makes
of it an asynchronous one, which waits on the event loop and has the view answer again.
"""

import functools
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

from asgiref.sync import sync_to_async
from django.core.exceptions import RequestDataTooBig
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from rest_framework.request import Request
from rest_framework.response import Response

from routing.rolling import news
from routing.rolling.news import Key

View = Callable[..., HttpResponseBase]
MOST_A_PERSON: Final = 16
"""So many answers may be under way to one person: long polls and streams together, in one process."""
_seats: Counter[int] = Counter()


@dataclass(frozen=True, slots=True)
class Wait:
    """What an answer waits for: another number under a key than `seen`, for so many seconds at most.

    `person`: whose place it takes. `notes`: what the view is to find noted at its request the next time.
    """

    key: Key
    seen: Any
    seconds: float
    person: int
    notes: dict[str, Any]


class TooManyError(Exception):
    """Somebody waits for too much at once."""


def free(person: int) -> bool:
    """Whether a person has a place left."""
    return _seats[person] < MOST_A_PERSON


@contextmanager
def seat(person: int) -> Iterator[None]:
    """One of the places of a person. Raises TooManyError."""
    if not free(person):
        raise TooManyError
    _seats[person] += 1
    try:
        yield
    finally:
        _seats[person] -= 1
        if not _seats[person]:
            del _seats[person]


def too_many() -> JsonResponse:
    """The answer to who waits for too much at once."""
    message = f"You wait for {MOST_A_PERSON} answers about rollouts already; end some of them first."
    error = {"code": "too_many_requests", "message": message, "fields": []}
    return JsonResponse({"error": error}, status=429, headers={"Retry-After": "5"})


def later(answer: Response, wait: Wait) -> Response:
    """An answer that is to be given once what it waits for is there, or nothing came in time."""
    answer.meshui_wait = wait  # type: ignore[attr-defined]
    return answer


def noted(request: Request, name: str) -> Any:
    """What the view noted the last time that it answered this request; None the first time."""
    return getattr(request._request, "meshui_notes", {}).get(name)  # noqa: SLF001 - Django's own request


def patient(view: View) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """The view, waiting where it says so by `later`. What is known of it (`cls`, `csrf_exempt`) stays."""
    answer_of = sync_to_async(view, thread_sensitive=True)

    @functools.wraps(view)
    async def waiting(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST":
            # It is answered twice, and the body comes once: this keeps it. What is too long the view refuses.
            with suppress(RequestDataTooBig):
                request.body  # noqa: B018
        answer = await answer_of(request, *args, **kwargs)
        wait: Wait | None = getattr(answer, "meshui_wait", None)
        if wait is None:
            return answer
        try:
            with seat(wait.person):
                await until(request, wait.key, wait.seen, wait.seconds)
        except TooManyError:
            return too_many()
        except news.ClosingError:
            return answer
        request.meshui_notes = {"waited": True, **wait.notes}  # type: ignore[attr-defined]
        return await answer_of(request, *args, **kwargs)

    return waiting


async def until(request: HttpRequest, key: Key, seen: Any, seconds: float) -> Any:
    """What stands under a key once it is not `seen`, or after so many seconds. Raises news.ClosingError."""
    wait = news.board().wait if isinstance(request, ASGIRequest) else news.wait_alone
    return await wait(key, seen, seconds)
