"""Gates: other people's services that say whether a rollout may go on, as Flagger's confirm-hooks do.

2xx opens. Anything else keeps it closed, a silence and an address that may not be called as well: who guards
something is asked again, not passed by. What a closed gate means at each stage decides the machine
(docs/webhooks.md).
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

from django.conf import settings

from routing.rolling import bodies, webhooks
from routing.rolling.ports import Driven
from routing.rolling.webhooks import Answer, NoAnswerError
from routing.rollouts.inputs import Ask

Post = Callable[..., Answer]


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
            url = urls[number]
            name = f"gate {number + 1} of {len(urls)} ({webhooks.shown(url)})"
            why = self._closed(url, self._body(driven, ask, number))
            return f"{name} {why}" if why else ""

        with ThreadPoolExecutor(len(urls), thread_name_prefix="gate") as threads:
            answers = list(threads.map(closed, range(len(urls))))
        return not any(answers), "; ".join(filter(None, answers))

    def _body(self, driven: Driven, ask: Ask, number: int) -> dict[str, Any]:
        told = f"{driven.row.pk}-{ask.id}-{number + 1}"
        return bodies.asked(driven.row, driven.spec, driven.state, ask.stage, at=self._clock(), number=told)

    def _closed(self, url: str, body: dict[str, Any]) -> str:
        """Why a gate did not open, in words; empty if it did."""
        try:
            answer = self._post(url, body, timeout=settings.GATE_TIMEOUT_SECONDS, id=body["id"])
        except NoAnswerError as error:
            return f"was not reached: {str(error).rstrip('.')}"
        return "" if answer.fine else webhooks.said(answer, url)
