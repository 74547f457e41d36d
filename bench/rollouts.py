"""How soon the judge of rollouts finds harm, and how often it aborts a healthy one, beside a naive test.

By simulation: requests that go bad by chance, seeded, so that the figures are the same every time. Detection
is told in looks, 30 seconds apart, and as the median of the rollouts; not found counts as longer than any.
"""

import math
import statistics
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from bench.table import Row
from routing.rollouts.judge import Evidence, Limits, Look, looked, verdict

PART: Final = "judge"
LOOKS: Final = 120
SECONDS_BETWEEN: Final = 30
STEPS: Final = (0.05, 0.10, 0.25, 0.50)
# The one-sided critical value of the normal distribution at 0.01.
CRITICAL: Final = 2.326
LIMITS: Final = Limits(alpha=0.01, margin=0.0, tolerated=0.0)
RATES: Final = (2.0, 40.0, 1000.0)
TIMES: Final = (2.0, 3.0, 5.0)
USUAL: Final = Limits(alpha=0.01, margin=0.25, tolerated=0.01)
"""As a rollout has them, if nobody sets others."""
RATIOS: Final = (0.0, 0.001, 0.002, 0.005)


class Scenario(NamedTuple):
    """`rate`: requests per second to both; `bad_ratio`: the baseline's. `times`: how many bad requests the
    canary gives for one of the baseline's; `outage`: by how much the ratio of both rises in the last step.
    """

    rate: float = 40.0
    bad_ratio: float = 0.005
    times: float = 1.0
    outage: float = 1.0


def rollouts(scenario: Scenario, count: int, seed: int) -> Iterator[list[Look]]:
    """The looks of each rollout: LOOKS of them, as many in each step."""
    random = np.random.default_rng(seed)
    step = np.repeat(np.arange(len(STEPS)), LOOKS // len(STEPS))
    weights = np.array(STEPS)[step]
    ratio = np.where(step == len(STEPS) - 1, scenario.bad_ratio * scenario.outage, scenario.bad_ratio)
    for _ in range(count):
        all_requests = random.poisson(scenario.rate * SECONDS_BETWEEN, LOOKS)
        canary = random.binomial(all_requests, weights)
        baseline = all_requests - canary
        columns = (
            baseline,
            random.binomial(baseline, ratio),
            canary,
            random.binomial(canary, np.minimum(1, ratio * scenario.times)),
        )
        yield [Look(*map(float, row)) for row in zip(*columns, strict=True)]


def harmful_after(looks: list[Look], limits: Limits = LIMITS) -> int | None:
    """After how many looks the judge calls harm; None: never."""
    evidence = Evidence()
    for number, look in enumerate(looks, 1):
        evidence = looked(evidence, look, limits)
        if verdict(evidence, limits) == "harm":
            return number
    return None


def no_worse_after(looks: list[Look], limits: Limits = USUAL) -> float | None:
    """After how many requests to the canary it is called no worse, if nobody cared for harm; None: never."""
    evidence, bound = Evidence(), math.log(1 / limits.alpha)
    for look in looks:
        evidence = looked(evidence, look, limits)
        if evidence.canary >= limits.requests and evidence.log_no_worse >= bound:
            return evidence.canary
    return None


def naive_verdict(looks: list[Look]) -> int | None:
    """After how many looks a two-proportion z-test, pooled and asked each time, would abort; None: never."""
    rows = [(each.baseline, each.baseline_bad, each.canary, each.canary_bad) for each in looks]
    n_b, x_b, n_c, x_c = np.cumsum(np.array(rows), axis=0).T
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x_b + x_c) / (n_b + n_c)
        z = (x_c / n_c - x_b / n_b) / np.sqrt(pooled * (1 - pooled) * (1 / n_b + 1 / n_c))
    hits = np.flatnonzero(np.nan_to_num(z) > CRITICAL)
    return int(hits[0]) + 1 if hits.size else None


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (the signature of every part)
    """Simulates healthy rollouts and harmful ones."""
    healthy, harmful = (200, 20) if small else (10_000, 500)
    rows = _false_aborts(Scenario(), healthy, "healthy")
    rows += _false_aborts(Scenario(outage=3), healthy, "errors of both tripled in the last step")
    for rate in RATES:
        for times in TIMES:
            rows += _delays(Scenario(rate=rate, times=times), harmful)
    rows.append(_false_no_worse(healthy))
    return [*rows, *(_requests_until_no_worse(ratio, harmful) for ratio in RATIOS)]


def _false_no_worse(count: int) -> Row:
    """Of canaries with ten times the errors of the baseline, which is exactly what is tolerated."""
    worse = Scenario(bad_ratio=USUAL.tolerated / 10, times=10)
    called = sum(no_worse_after(looks) is not None for looks in rollouts(worse, count, seed=5))
    words = f"{count:,} rollouts with exactly the errors that are tolerated: called no worse"
    return Row(PART, words, 100 * called / count, "%", most=1.0)


def _requests_until_no_worse(ratio: float, count: int) -> Row:
    # Every second, and few a look: how many requests it takes is to be seen to a few of them.
    found = [no_worse_after(looks) for looks in rollouts(Scenario(rate=20, bad_ratio=ratio), count, seed=6)]
    words = f"{100 * ratio:g} % errors of both: requests to the canary until it is no worse, median"
    return Row(
        PART, words, statistics.median(math.inf if each is None else each for each in found), "requests"
    )


def _false_aborts(scenario: Scenario, count: int, what: str) -> list[Row]:
    judge = naive = 0
    for looks in rollouts(scenario, count, seed=1):
        judge += harmful_after(looks) is not None
        naive += naive_verdict(looks) is not None
    words = f"{count:,} rollouts, {what}: aborted by"
    return [
        # A small run is too small to hold the judge to its one in a hundred.
        Row(PART, f"{words} the judge", 100 * judge / count, "%", most=1.0),
        Row(PART, f"{words} a naive z-test", 100 * naive / count, "%"),
    ]


def _delays(scenario: Scenario, count: int) -> list[Row]:
    judge, naive = [], []
    for looks in rollouts(scenario, count, seed=3):
        judge.append(harmful_after(looks))
        naive.append(naive_verdict(looks))
    words = f"{scenario.times:g}x errors at {scenario.rate:,.0f} requests/s"
    return [
        row
        for name, found in (("the judge", judge), ("a naive z-test", naive))
        for row in (
            Row(PART, f"{words}: found by {name}", 100 * _part(found), "%"),
            Row(PART, f"{words}: looks until {name} finds it, median", _median(found), "looks"),
        )
    ]


def _part(found: list[int | None]) -> float:
    return sum(each is not None for each in found) / len(found)


def _median(found: list[int | None]) -> float:
    """LOOKS + 1 where half of them were not found."""
    return statistics.median(LOOKS + 1 if each is None else each for each in found)
