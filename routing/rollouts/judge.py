"""Whether a canary does harm, by evidence that means the same however often one looks at it. Pure.

At each look there are the requests of the baseline and of the canary since the look before, and how many of
them were bad (failed, or slower than the objective). Of the bad ones, chance gives the canary its part of the
requests, rho. If the canary's odds to be bad are r times the baseline's, its part of the bad ones is
rho r / (1 - rho + rho r). The evidence for harm is a mixture, over a grid of r, of the likelihood of what was
seen under r to that under r = 1 + margin. While the canary is no worse than the margin allows, this is a
nonnegative supermartingale that begins at 1; so by Ville's inequality it ever reaches 1/alpha with a
probability of at most alpha, whatever the weights were and however the error ratio of both moved with time.
Each look is held against itself only, so nothing is pooled across the steps of a rollout: an outage that hits
both is no evidence against the canary.

The evidence for "no worse than the margin" is the same with the sides exchanged, or, where there is hardly a
bad request to compare, that of the canary's own ratio against a tolerated one: a mixture, over a grid of
parts of it, of the likelihood of a smaller ratio to that of the tolerated one. While the canary's is not
below that, this is such a process, too.

Sources: Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022, arXiv
2011.03567); Johari, Pekelis and Walsh, "Always valid inference" (Operations Research 2022) for the use of
such processes. What it relies on: requests go bad independently of each other. Errors that come in bursts
break that: choose a wider margin, or longer looks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Verdict: TypeAlias = Literal["harm", "no_worse", "not_known"]

TIMES_WORSE: Final = (1.2, 1.5, 2.0, 3.0, 5.0, 10.0)
"""The odds ratios, beyond the margin, that the evidence for harm looks for; each as likely at first."""
TIMES_BETTER: Final = (1.0, 0.8, 0.5)
"""The grid of odds ratios under which the canary is called no worse."""
PARTS: Final = (0.5, 0.1)
"""The parts of what is tolerated under which the canary is called tolerable: near it, and far below it. With
no bad request at all the second takes a third of the requests that the first would.
"""


class JudgeError(ValueError):
    """A judge cannot be set up so; the message names the field."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When there is a verdict.

    `alpha`: how likely (0-1) a rollout that is no worse than the margin is ever called harmful. `margin`: how
    much worse, as a ratio of odds minus 1, is still accepted (0.25: a quarter more bad requests).
    `tolerated`: a ratio of bad requests (0-1) that nobody minds, whatever the baseline's is. `requests`: the
    canary needs at least so many before it is called no worse.
    """

    alpha: float = 0.01
    margin: float = 0.25
    tolerated: float = 0.001
    requests: int = 500

    def __post_init__(self) -> None:
        """Raises JudgeError."""
        if not 0 < self.alpha <= 0.2:
            raise JudgeError("alpha must be above 0 and at most 0.2.")
        if not 0 <= self.margin <= 10:
            raise JudgeError("margin must be between 0 and 10.")
        if not 0 <= self.tolerated < 1:
            raise JudgeError("tolerated must be at least 0 and below 1.")
        if self.requests < 0:
            raise JudgeError("requests must be at least 0.")


@dataclass(frozen=True, slots=True)
class Look:
    """What came since the look before; `bad` of the requests were bad."""

    baseline: float
    baseline_bad: float
    canary: float
    canary_bad: float

    @property
    def is_telling(self) -> bool:
        """Whether the two can be compared: a version without requests has nothing to be compared with."""
        return self.baseline > 0 and self.canary > 0


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is there to judge by: requests of both versions together between two looks, the canary's part of
    them (0-1), and the baseline's ratio of bad ones (0-1).
    """

    per_look: float
    weight: float
    bad_ratio: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen so far, in the natural logarithms of likelihood ratios; nothing at first.

    `harm` by TIMES_WORSE, `no_worse` by TIMES_BETTER, `tolerable` by PARTS. Plain numbers, so that a rollout
    can be resumed from a database.
    """

    harm: tuple[float, ...] = (0.0,) * len(TIMES_WORSE)
    no_worse: tuple[float, ...] = (0.0,) * len(TIMES_BETTER)
    tolerable: tuple[float, ...] = (0.0,) * len(PARTS)
    highest_harm: float = 0.0
    looks: int = 0
    baseline: float = 0.0
    baseline_bad: float = 0.0
    canary: float = 0.0
    canary_bad: float = 0.0

    @property
    def log_harm(self) -> float:
        """The logarithm of the evidence for harm now."""
        return _log_mean(self.harm)

    @property
    def log_no_worse(self) -> float:
        """The logarithm of the evidence that the canary is no worse than the margin, or tolerable."""
        return _log_mean((_log_mean(self.no_worse), _log_mean(self.tolerable)))

    @property
    def p_value(self) -> float:
        """The smallest alpha at which harm would have been called by now: a sequential p-value."""
        return math.exp(-max(0.0, self.highest_harm))


def looked(evidence: Evidence, look: Look, limits: Limits) -> Evidence:
    """The evidence after one more look. One that tells nothing changes nothing but the counts.

    Raises JudgeError for counts that cannot be: negative, not finite, or more bad requests than requests.
    """
    _check(look)
    counted = Evidence(
        harm=evidence.harm,
        no_worse=evidence.no_worse,
        tolerable=evidence.tolerable,
        highest_harm=evidence.highest_harm,
        looks=evidence.looks + 1,
        baseline=evidence.baseline + look.baseline,
        baseline_bad=evidence.baseline_bad + look.baseline_bad,
        canary=evidence.canary + look.canary,
        canary_bad=evidence.canary_bad + look.canary_bad,
    )
    tolerable = _tolerable(counted.tolerable, look, limits.tolerated)
    if not look.is_telling or not look.canary_bad + look.baseline_bad:
        return _with(counted, counted.harm, counted.no_worse, tolerable)
    odds = look.canary / look.baseline
    null = odds * (1 + limits.margin)
    harm = _added(counted.harm, look, null, [null * times for times in TIMES_WORSE])
    no_worse = _added(counted.no_worse, look, null, [odds * times for times in TIMES_BETTER])
    return _with(counted, harm, no_worse, tolerable)


def verdict(evidence: Evidence, limits: Limits) -> Verdict:
    """What may be said: harm once its evidence ever reached the bound; no worse with enough requests."""
    bound = math.log(1 / limits.alpha)
    if evidence.highest_harm >= bound:
        return "harm"
    if evidence.canary >= limits.requests and evidence.log_no_worse >= bound:
        return "no_worse"
    return "not_known"


def judged(looks: Sequence[Look], limits: Limits) -> tuple[Verdict, int]:
    """The first verdict of some looks, and after how many it came; not known after all of them."""
    evidence = Evidence()
    for number, look in enumerate(looks, 1):
        evidence = looked(evidence, look, limits)
        said = verdict(evidence, limits)
        if said != "not_known":
            return said, number
    return "not_known", len(looks)


def looks_until_harm(traffic: Traffic, times: float, limits: Limits, most: int = 100_000) -> int | None:
    """After how many looks harm is found on average paths, if the canary gives `times` the bad requests.

    None: not within `most`. Computed from the expected counts, so about half of the rollouts take longer.
    """
    if traffic.bad_ratio <= 0 or times <= 1 + limits.margin:
        return None
    return looks_until_found(traffic, min(1.0, traffic.bad_ratio * times), limits, most)


def looks_until_found(traffic: Traffic, bad: float, limits: Limits, most: int = 100_000) -> int | None:
    """As `looks_until_harm`, if so much of the canary's requests (0-1) is bad: the baseline may have none."""
    canary, baseline = traffic.per_look * traffic.weight, traffic.per_look * (1 - traffic.weight)
    if canary <= 0 or baseline <= 0 or bad <= traffic.bad_ratio * (1 + limits.margin):
        return None
    one = looked(Evidence(), Look(baseline, baseline * traffic.bad_ratio, canary, canary * bad), limits)
    bound = math.log(1 / limits.alpha)
    if max(one.harm) <= 0:
        return None
    low, high = 0, 1
    while _log_mean([each * high for each in one.harm]) < bound:
        low, high = high, 2 * high
        if low > most:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        enough = _log_mean([each * middle for each in one.harm]) >= bound
        low, high = (low, middle) if enough else (middle, high)
    return high


def smallest_visible(traffic: Traffic, looks: int, limits: Limits) -> float | None:
    """The smallest factor of bad requests that would be found within so many looks, to a tenth; None: none
    below a hundred.
    """

    def is_found(tenths: int) -> bool:
        needed = looks_until_harm(traffic, tenths / 10, limits, looks)
        return needed is not None and needed <= looks

    low, high = max(11, math.ceil((1 + limits.margin) * 10)) - 1, 1000
    if not is_found(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high / 10


def smallest_ratio_visible(traffic: Traffic, looks: int, limits: Limits) -> float | None:
    """The smallest part of bad requests of the canary's (0-1) that would be found within so many looks, to a
    hundredth of itself; None: not even if all of them were bad.
    """

    def is_found(bad: float) -> bool:
        needed = looks_until_found(traffic, bad, limits, looks)
        return needed is not None and needed <= looks

    if not is_found(1.0):
        return None
    low, high = traffic.bad_ratio * (1 + limits.margin), 1.0
    while high - low > high / 100:
        middle = (low + high) / 2
        low, high = (low, middle) if is_found(middle) else (middle, high)
    return high


def _with(
    evidence: Evidence,
    harm: tuple[float, ...],
    no_worse: tuple[float, ...],
    tolerable: tuple[float, ...],
) -> Evidence:
    return Evidence(
        harm=harm,
        no_worse=no_worse,
        tolerable=tolerable,
        highest_harm=max(evidence.highest_harm, _log_mean(harm)),
        looks=evidence.looks,
        baseline=evidence.baseline,
        baseline_bad=evidence.baseline_bad,
        canary=evidence.canary,
        canary_bad=evidence.canary_bad,
    )


def _added(
    before: tuple[float, ...], look: Look, null_odds: float, odds: Sequence[float]
) -> tuple[float, ...]:
    """Of each alternative the likelihood ratio to the null: a bad request is the canary's with these odds."""
    log_null = math.log1p(null_odds)
    bad = look.canary_bad + look.baseline_bad
    return tuple(
        log + look.canary_bad * math.log(other / null_odds) - bad * (math.log1p(other) - log_null)
        for log, other in zip(before, odds, strict=True)
    )


def _tolerable(before: tuple[float, ...], look: Look, tolerated: float) -> tuple[float, ...]:
    """The likelihoods that the canary's ratio is a part of what is tolerated, to that it is all of it."""
    if not tolerated or not look.canary:
        return before
    good, all_of_it = look.canary - look.canary_bad, math.log1p(-tolerated)
    return tuple(
        log + look.canary_bad * math.log(part) + good * (math.log1p(-tolerated * part) - all_of_it)
        for log, part in zip(before, PARTS, strict=True)
    )


def _log_mean(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + math.log(sum(math.exp(each - top) for each in logs) / len(logs))


def _check(look: Look) -> None:
    numbers = (look.baseline, look.baseline_bad, look.canary, look.canary_bad)
    if not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise JudgeError("Counts must be finite and at least 0.")
    if look.baseline_bad > look.baseline or look.canary_bad > look.canary:
        raise JudgeError("There cannot be more bad requests than requests.")
