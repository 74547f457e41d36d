"""The knobs on a Deployment's metadata: how slow, how faulty, how busy its pods are while they run.

Annotations of the Deployment, not of its template, so that turning one starts no rollout. Pure: text in,
numbers or problems out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

DELAY = "localmesh/delay"
ERROR_PERCENT = "localmesh/error-percent"
REQUESTS_PER_SECOND = "localmesh/requests-per-second"
DEFAULT_REQUESTS_PER_SECOND = 20.0
MAX_REQUESTS_PER_SECOND = 1000.0
MAX_DELAY_MS = 60_000.0
_DURATION = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(ms|s)")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,6})?")


@dataclass(frozen=True)
class Tuning:
    """Delay in milliseconds, ratio of errors (0-1), requests a second.

    And what was wrong with the annotations.
    """

    delay_ms: float = 0.0
    error_ratio: float = 0.0
    requests_per_second: float = DEFAULT_REQUESTS_PER_SECOND
    problems: tuple[str, ...] = ()


def read(annotations: Mapping[str, str]) -> Tuning:
    """Read the knobs; a bad value counts as absent and is named in `problems`."""
    problems: list[str] = []
    delay = annotations.get(DELAY)
    percent = annotations.get(ERROR_PERCENT)
    rate = annotations.get(REQUESTS_PER_SECOND)
    return Tuning(
        delay_ms=0.0 if delay is None else _delay(delay, problems),
        error_ratio=0.0 if percent is None else _number(ERROR_PERCENT, percent, 100.0, problems, 0.0) / 100,
        requests_per_second=DEFAULT_REQUESTS_PER_SECOND
        if rate is None
        else _number(
            REQUESTS_PER_SECOND, rate, MAX_REQUESTS_PER_SECOND, problems, DEFAULT_REQUESTS_PER_SECOND
        ),
        problems=tuple(problems),
    )


def _delay(text: str, problems: list[str]) -> float:
    found = _DURATION.fullmatch(text.strip())
    if found:
        value = float(found[1]) * (1000 if found[2] == "s" else 1)
        if value <= MAX_DELAY_MS:
            return value
    problems.append(
        f'{DELAY}: "{text}" is not a duration such as 200ms or 1.5s, up to {MAX_DELAY_MS / 1000:g}s'
    )
    return 0.0


def _number(key: str, text: str, most: float, problems: list[str], otherwise: float) -> float:
    if _NUMBER.fullmatch(text.strip()) and float(text) <= most:
        return float(text)
    problems.append(f'{key}: "{text}" is not a number from 0 to {most:g}')
    return otherwise
