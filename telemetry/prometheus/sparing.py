"""The answers of a tick, and which of them are used again: those about latencies cost the server most by far,
and between two scrapes they hardly change.

Pure. They are asked at most once in a scrape interval, and never used once they are two of them old.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Final, NamedTuple

from telemetry.prometheus.answers import NoAnswerError
from telemetry.prometheus.assembling import Reading
from telemetry.prometheus.queries import QUANTILES, Query

_SCRAPES_KEPT: Final = 2


class Answer(NamedTuple):
    """What came of one question. Its bytes are not kept: all of them together are hundreds of megabytes in a
    large mesh.
    """

    reading: Reading
    warnings: tuple[str, ...] = ()


class Answers(NamedTuple):
    """What was answered, by the subject of the question, and why the rest was not. `older_seconds`: how much
    older than the rest the latencies are, because the server did not give newer ones.
    """

    answered: Mapping[str, Sequence[Answer]]
    failures: Mapping[str, NoAnswerError]
    older_seconds: float = 0.0

    @property
    def readings(self) -> dict[str, list[Reading]]:
        """By subject, as an Assembler takes them."""
        return {subject: [each.reading for each in several] for subject, several in self.answered.items()}

    @property
    def newest(self) -> float | None:
        """When the newest sample of the mesh was taken; None where there is none, or it is not known."""
        found = (each.reading.values for each in self.answered.get("newest", ()))
        return max(chain.from_iterable(found), default=None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the server warns of, each once."""
        all_of_them = (each.warnings for several in self.answered.values() for each in several)
        return tuple(dict.fromkeys(chain.from_iterable(all_of_them)))


class _Kept(NamedTuple):
    """Latencies as they were answered at a moment, `whole` or in part, and why there are no newer ones, or no
    others.
    """

    at: float
    answered: Mapping[str, Sequence[Answer]]
    failures: Mapping[str, NoAnswerError]
    whole: bool


class Sparing:
    """Says whether latencies are to be asked, and completes the answers of a tick in which they were not.

    Moments are in seconds since the epoch. `epoch`: see telemetry.prometheus.assembling.Assembler.
    """

    def __init__(self, scrape_seconds: float) -> None:
        self._scrape = scrape_seconds
        self._asked_in: tuple[float, int] | None = None
        self._kept: _Kept | None = None

    def chosen(self, queries: Sequence[Query], moment: float, epoch: int) -> Sequence[Query]:
        """Those that are to be asked at a moment."""
        if self._asked_in == self._interval(moment, epoch):
            return [each for each in queries if each.subject not in QUANTILES]
        return queries

    def completed(self, answers: Answers, moment: float, epoch: int) -> Answers:
        """The answers to what was chosen for this moment, with the latencies of before where they hold."""
        interval = self._interval(moment, epoch)
        if self._kept is None or self._asked_in != interval:
            self._kept = self._newer(answers, moment, epoch)
            self._asked_in = interval
        kept = self._kept
        others = {name: several for name, several in answers.answered.items() if name not in QUANTILES}
        failures = {**answers.failures, **kept.failures}
        if not self._holds(kept, moment):
            return Answers(others, failures)
        older = moment - kept.at if kept.whole and kept.failures else 0.0
        return Answers({**others, **kept.answered}, failures, older)

    def _newer(self, answers: Answers, moment: float, epoch: int) -> _Kept:
        failures = {name: error for name, error in answers.failures.items() if name in QUANTILES}
        before = self._kept if self._asked_in and self._asked_in[1] == epoch else None
        if failures and before and before.whole and self._holds(before, moment):
            return before._replace(failures=failures)
        answered = {name: several for name, several in answers.answered.items() if name in QUANTILES}
        return _Kept(moment, answered, failures, whole=not failures)

    def _holds(self, kept: _Kept, moment: float) -> bool:
        return moment - kept.at < _SCRAPES_KEPT * self._scrape

    def _interval(self, moment: float, epoch: int) -> tuple[float, int]:
        return moment // self._scrape, epoch
