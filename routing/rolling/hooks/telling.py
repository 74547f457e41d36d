"""Tells people what a rollout does: what is to be told is kept with the state that it is about, and sent from
there until it arrives.

At least once, in order as far as that helps, and for a day. A receiver that is away gets nothing out of
order: what is later waits for what could not be sent. One that answers, but refuses a message, gets the
others. No receiver waits for another.
"""

import logging
import random
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, Literal, TypeAlias

from django.db import close_old_connections, transaction
from django.db import connection as database
from django.db.models import Max, Q, QuerySet
from django.db.utils import DatabaseError, InterfaceError
from django.utils import timezone

from routing.models import Rollout, RolloutEvent, RolloutMessage
from routing.rolling.hooks import bodies, slack, webhooks
from routing.rolling.hooks.webhooks import Answer, NoAnswerError
from routing.rollouts import states
from routing.rollouts.inputs import Notify
from routing.rollouts.spec import Spec

EVERY_SECONDS: Final = 1.0
TIMEOUT_SECONDS: Final = 10.0
GIVE_UP_AFTER: Final = timedelta(hours=24)
FIRST_SECONDS: Final = 2.0
LONGEST_SECONDS: Final = 600.0
WORKERS: Final = 8
_AT_ONCE: Final = 100
_STOP_SECONDS: Final = 2.0
# A receiver, or what stands before it, says with these that it is away, whatever it is sent.
_AWAY: Final = frozenset({429, 502, 503, 504})
Outcome: TypeAlias = Literal["sent", "refused", "away"]
log = logging.getLogger(__name__)


def messages(row: Rollout, spec: Spec, notify: Notify, now: datetime) -> list[RolloutMessage]:
    """What is to be sent about a rollout whose new state is in `row`, one for each who is told; not saved."""
    state = states.from_json(row.state)
    return [
        RolloutMessage(
            rollout=row,
            event=notify.event,
            url=each.url,
            format=each.format,
            body=bodies.told(row, spec, state, notify.event, notify.words, at=now, number=uuid.uuid4().hex),
            created_at=now,
            next_at=now,
        )
        for each in spec.notify
    ]


class Sender:
    """Sends what is due, in threads of its own, while this process leads."""

    def __init__(
        self,
        leads: Callable[[], bool],
        *,
        post: Callable[..., Answer] = webhooks.post,
        clock: Callable[[], datetime] = timezone.now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """`chance`: a number from 0 to 1, so that receivers are not asked by all at the same moment."""
        self._leads = leads
        self._post = post
        self._clock = clock
        self._chance = chance
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread: threading.Thread | None = None
        self._away = False
        self._lock = threading.Lock()
        self._busy: dict[str, threading.Thread] = {}
        self._refused: set[int] = set()
        """The messages that were refused by who answers: later ones do not wait for them."""

    def start(self) -> None:
        """Begins; a second call does nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="telling", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends; who is in the middle of sending is not waited for long, as it is sent again if need be."""
        self._stopping.set()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            self._thread = None

    def wake(self) -> None:
        """There is something to send."""
        self._woken.set()

    def send_due(self) -> None:
        """Sends what is due now, and waits for it: a look of the loop, for who has no loop."""
        for thread in self._begin():
            thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._woken.clear()
                self._look()
                self._woken.wait(EVERY_SECONDS)
        finally:
            database.close()

    def _look(self) -> None:
        try:
            close_old_connections()
            self._begin()
            self._away = False
        except (DatabaseError, InterfaceError) as error:
            if not self._away:
                log.warning("messages of rollouts wait for the database: %s", error)
            self._away = True
        except Exception:
            # The edge of the loop.
            log.exception("messages of rollouts could not be looked up; trying again")

    def _begin(self) -> list[threading.Thread]:
        """A thread for each receiver with something due, as far as there are threads: healthy ones first."""
        if not self._leads():
            return []
        begun = []
        due = _due(self._clock()).values("url").annotate(tries=Max("attempts")).order_by("tries", "url")
        for url in due.values_list("url", flat=True):
            with self._lock:
                if url in self._busy or len(self._busy) >= WORKERS:
                    continue
                thread = threading.Thread(target=self._deliver, args=(url,), name="telling-one", daemon=True)
                self._busy[url] = thread
            thread.start()
            begun.append(thread)
        return begun

    def _deliver(self, url: str) -> None:
        try:
            self._deliver_in_order(url)
        except (DatabaseError, InterfaceError) as error:
            log.warning("messages to %s wait for the database: %s", webhooks.shown(url), error)
        except Exception:
            # The edge of a thread: the receiver's messages are due still, and a later look takes them up.
            log.exception("messages to %s could not be sent; trying again", webhooks.shown(url))
        else:
            self._woken.set()
        finally:
            database.close()
            with self._lock:
                del self._busy[url]

    def _deliver_in_order(self, url: str) -> None:
        waiting = RolloutMessage.objects.filter(url=url, sent_at=None, next_at__isnull=False)
        due = set(_due(self._clock()).filter(url=url).values_list("pk", flat=True))
        for message in waiting.select_related("rollout").order_by("pk")[:_AT_ONCE]:
            if self._stopping.is_set() or not self._leads():
                return
            if message.pk not in due:
                if message.pk in self._refused:
                    continue
                return
            if self._send(message) == "away":
                return

    def _send(self, message: RolloutMessage) -> Outcome:
        if not _claimed(message, self._clock()):
            return "away"
        outcome, words = self._sent(message)
        now = self._clock()
        message.error = words
        if outcome == "sent":
            message.sent_at, message.next_at = now, None
        elif now - message.created_at >= GIVE_UP_AFTER:
            message.next_at = None
        else:
            message.next_at = now + timedelta(seconds=delay(message.attempts, self._chance()))
        (self._refused.add if message.next_at and outcome == "refused" else self._refused.discard)(message.pk)
        _keep(message, now)
        return outcome

    def _sent(self, message: RolloutMessage) -> tuple[Outcome, str]:
        """What became of an attempt, and in words why it was none."""
        try:
            answer = self._post(
                message.url, _body(message), timeout=TIMEOUT_SECONDS, id=str(message.body.get("id", ""))
            )
        except NoAnswerError as error:
            return "away", str(error)
        except Exception as error:
            # One message that cannot be written must not keep the others back, nor be tried in each look.
            log.exception("a message of rollout %s could not be written", message.rollout_id)
            return "refused", f"It could not be written: {type(error).__name__}."
        if answer.fine:
            return "sent", ""
        return ("away" if answer.status in _AWAY else "refused"), f"It {webhooks.said(answer, message.url)}."


def delay(attempts: int, chance: float) -> float:
    """How many seconds after so many attempts the next one comes: doubled each time, a fifth up or down."""
    return float(min(FIRST_SECONDS * 2.0 ** min(attempts - 1, 30), LONGEST_SECONDS) * (0.8 + 0.4 * chance))


def _claimed(message: RolloutMessage, now: datetime) -> bool:
    """Whether this attempt is ours. It is counted before it is made: a database that could not keep that it
    was made would have it made again at each look.
    """
    again = now + timedelta(seconds=TIMEOUT_SECONDS + delay(message.attempts + 1, 1.0))
    mine = RolloutMessage.objects.filter(pk=message.pk, attempts=message.attempts, sent_at=None)
    message.attempts += 1
    return bool(mine.update(attempts=message.attempts, next_at=again))


def _due(now: datetime) -> QuerySet[RolloutMessage]:
    """What is to be sent now. Later than any delay is the mark of a clock that was set back."""
    never = now + timedelta(seconds=2 * LONGEST_SECONDS)
    return RolloutMessage.objects.filter(Q(next_at__lte=now) | Q(next_at__gt=never), sent_at=None)


def _body(message: RolloutMessage) -> dict[str, Any]:
    body: dict[str, Any] = message.body
    return slack.message(body) if message.format == "slack" else body


def _keep(message: RolloutMessage, now: datetime) -> None:
    """Keeps what became of an attempt; who was told, and who was not, stands in the rollout's log."""
    code, words = _logged(message)
    with transaction.atomic():
        message.save(update_fields=["error", "sent_at", "next_at"])
        if code:
            RolloutEvent.objects.create(
                rollout_id=message.rollout_id, at=now, kind="told", code=code, words=words
            )


def _logged(message: RolloutMessage) -> tuple[str, str]:
    """What the log says of an attempt: of several in vain only the first, and the end."""
    what = message.event.replace("_", " ")
    who = webhooks.shown(message.url) + " (Slack)" * (message.format == "slack")
    if message.sent_at:
        return "told", f"{who} was told: {what}."
    if not message.next_at:
        return "given_up", f"{who} was not told: {what}. Given up after a day. {message.error}"
    if message.attempts == 1:
        return "not_told_yet", f"{who} was not told yet: {what}. It is tried again. {message.error}"
    return "", ""
