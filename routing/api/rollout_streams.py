"""Rollouts as server-sent events: a snapshot when a stream opens, and each rollout again when it changes.

Every event is made by what the person may see at that moment: session or token, account and rights are looked
at for each, and every 15 s where nothing happens.
"""

import functools
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.core.handlers.asgi import ASGIRequest
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from cluster import people
from routing import scope
from routing.api.rollout_waiting import TooManyError, View, free, seat, too_many, until
from routing.models import Rollout
from routing.rolling import news, showing

HEARTBEAT_SECONDS: Final = 15.0
RETRY: Final = b"retry: 2000\n\n"
HEARTBEAT: Final = b": nothing new\n\n"
END: Final = b'event: end\ndata: {"message": "You are signed out, or may not see this any more."}\n\n'
HEADERS: Final = {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    # Proxies such as nginx would keep an event until they have enough of them.
    "X-Accel-Buffering": "no",
}


class OverError(Exception):
    """Whoever has the stream may not have it any more."""


@dataclass
class Stream:
    """What somebody looks at: one rollout, or (None) all that he may see and that have not ended.

    `sent`: the versions that he has. `token`, `session`: by what he is signed in.
    """

    cluster: str
    user: int
    token: str | None
    session: str | None
    rollout: int | None
    sent: dict[int, int] = field(default_factory=dict)

    @property
    def key(self) -> news.Key:
        """Under which its news comes."""
        return news.EVERY if self.rollout is None else news.rollout(self.rollout)

    def frames(self) -> tuple[list[bytes], Any]:
        """The events that he does not have yet, and what stood under the key when they were looked for.

        Raises OverError.
        """
        person = people.of(self._who(), self.cluster)
        stood = news.numbers((self.key,))[self.key]
        rows = Rollout.objects.filter(pk__in=stood) if self.rollout is None else Rollout.objects.all()
        if self.rollout is not None:
            rows = rows.filter(pk=self.rollout)
        seen = scope.seen_by(person, rows).select_related("created_by").order_by("pk")
        found = list(seen)
        if self.rollout is not None and not found and not person.access.problem:
            raise OverError
        shown: Callable[[Rollout], Any] = functools.partial(
            showing.summary if self.rollout is None else self._detail, person=person
        )
        fresh = [row for row in found if self.sent.get(row.pk) != row.version]
        self.sent = {row.pk: row.version for row in found}
        return [_frame(row, shown(row)) for row in fresh], stood

    def _detail(self, row: Rollout, person: Any) -> Any:
        return showing.detail(row, person, whole=row.created_by_id == self.user)

    def _who(self) -> User:
        """Who is signed in still. Raises OverError."""
        user = self._by_token() if self.token is not None else self._by_session()
        if user is None or user.pk != self.user or not user.is_active:
            raise OverError
        return user

    def _by_token(self) -> User | None:
        token = AuthToken.objects.filter(digest=self.token).select_related("user").first()
        if token is None or (token.expiry is not None and token.expiry < timezone.now()):
            return None
        return cast("User", token.user)

    def _by_session(self) -> User | None:
        store: Any = import_module(settings.SESSION_ENGINE).SessionStore
        request = HttpRequest()
        request.session = store(self.session)
        user = get_user(request)
        return user if isinstance(user, User) else None


def opened(request: Request, rollout: int | None) -> Response:
    """The answer by which `streamed` opens a stream to whoever asks."""
    token = getattr(request.auth, "digest", None)
    stream = Stream(
        cluster=getattr(request, "cluster", ""),
        user=cast("User", request.user).pk,
        token=token,
        session=None if token else request.session.session_key,
        rollout=rollout,
        sent=_had(request, rollout),
    )
    answer = Response()
    answer.meshui_stream = stream  # type: ignore[attr-defined]
    return answer


def _had(request: Request, rollout: int | None) -> dict[int, int]:
    """What the client says that it has: browsers say so by themselves when they come again."""
    last = request.headers.get("Last-Event-ID", "")
    return {rollout: int(last)} if rollout is not None and last.isdecimal() and len(last) < 19 else {}


def streamed(view: View) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """The view, streaming where it answers by `opened`. What is known of it (`cls`, `csrf_exempt`) stays."""
    answer_of = sync_to_async(view, thread_sensitive=True)

    @functools.wraps(view)
    async def streaming(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = await answer_of(request, *args, **kwargs)
        stream: Stream | None = getattr(answer, "meshui_stream", None)
        if stream is None:
            return answer
        if not isinstance(request, ASGIRequest):
            # A server without ASGI would wait in its only thread: whoever listens comes again by himself.
            once = await sync_to_async(lambda: list(_once(stream)), thread_sensitive=True)()
            return StreamingHttpResponse(iter(once), headers=HEADERS)
        return (
            StreamingHttpResponse(_events(request, stream), headers=HEADERS)
            if free(stream.user)
            else too_many()
        )

    return streaming


def _once(stream: Stream) -> Iterator[bytes]:
    yield RETRY
    try:
        yield from stream.frames()[0]
    except OverError:
        yield END


async def _events(request: HttpRequest, stream: Stream) -> AsyncIterator[bytes]:
    frames_of = sync_to_async(_looked, thread_sensitive=True)
    yield RETRY
    try:
        with seat(stream.user):
            while True:
                frames, stood = await frames_of(stream)
                for frame in frames or [HEARTBEAT]:
                    yield frame
                await until(request, stream.key, stood, HEARTBEAT_SECONDS)
    except (OverError, TooManyError):
        yield END
    except news.ClosingError:
        return


def _looked(stream: Stream) -> tuple[list[bytes], Any]:
    try:
        return stream.frames()
    finally:
        # A stream lasts for hours, and most of the time there is nothing to read.
        close_old_connections()


def _frame(row: Rollout, shown: Any) -> bytes:
    """One event; JSON has no line break outside of its texts, and escapes those within."""
    return b"event: rollout\nid: %d\ndata: %s\n\n" % (row.version, JSONRenderer().render(shown))
