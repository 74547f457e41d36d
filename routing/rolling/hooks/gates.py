"""Gates: other people's services that say whether a rollout may go on, as Flagger's confirm-hooks do.

2xx opens. Anything else keeps it closed, a silence and an address that may not be called as well: who guards
something is asked again, not passed by. What a closed gate means at each stage decides the machine
(docs/webhooks.md).
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from django.conf import settings

from routing.rolling.hooks import bodies, webhooks
from routing.rolling.hooks.webhooks import Answer, NoAnswerError
from routing.rolling.ports import Driven
from routing.rollouts.inputs import Ask

Post = Callable[..., Answer]
log = logging.getLogger(__name__)


class Asker:
    """Asks all gates of a stage at once; `routing.rolling.ports.Asker`."""

    def __init__(
        self, post: Post = webhooks.post, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._post = post
        self._clock = clock

    def ask(self, driven: Driven, ask: Ask) -> tuple[bool, str]:
        """Whether all gates of a stage opened, and if not which and why. Raises nothing.

        The number of a question stays the same when it is asked again after a crash; a later look asks anew.
        """
        urls = [gate.url for gate in driven.spec.gates if gate.stage == ask.stage]
        if not urls:
            return True, ""

        def closed(number: int) -> str:
            why = self._closed(urls[number], driven, ask, number + 1)
            return f"gate {number + 1} of {len(urls)} ({webhooks.shown(urls[number])}) {why}" if why else ""

        with ThreadPoolExecutor(len(urls), thread_name_prefix="gate") as threads:
            answers = list(threads.map(closed, range(len(urls))))
        return not any(answers), "; ".join(filter(None, answers))

    def _closed(self, url: str, driven: Driven, ask: Ask, number: int) -> str:
        """Why a gate did not open, in words; empty if it did."""
        row, told = driven.row, f"{driven.row.pk}-{ask.id}-{number}"
        try:
            body = bodies.asked(row, driven.spec, driven.state, ask.stage, at=self._clock(), number=told)
            answer = self._post(url, body, timeout=settings.GATE_TIMEOUT_SECONDS, id=told)
        except NoAnswerError as error:
            return f"was not reached: {str(error).rstrip('.')}"
        except Exception as error:
            # The edge of a thread: whatever went wrong, the gate did not open.
            log.exception("a gate of rollout %s could not be asked", row.pk)
            return f"was not asked: {type(error).__name__}"
        return "" if answer.fine else webhooks.said(answer, url)
