"""Rollouts that are made up: requests that go bad by chance, seeded, through the steps of a canary."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from routing.rollouts.judge import Look

LOOKS = 120
SECONDS_BETWEEN = 30
STEPS = (0.05, 0.10, 0.25, 0.50)
# The one-sided critical value of the normal distribution at 0.01.
CRITICAL = 2.326


class Scenario(NamedTuple):
    """`times`: how many bad requests the canary gives for one of the baseline's; `outage`: by how much the
    ratio of both rises in the last step.
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


def naive_verdict(looks: list[Look]) -> int | None:
    """After how many looks a two-proportion z-test, pooled and asked each time, would abort; None: never."""
    sums = np.cumsum(
        np.array([(each.baseline, each.baseline_bad, each.canary, each.canary_bad) for each in looks]), axis=0
    )
    n_b, x_b, n_c, x_c = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        pooled = (x_b + x_c) / (n_b + n_c)
        z = (x_c / n_c - x_b / n_b) / np.sqrt(pooled * (1 - pooled) * (1 / n_b + 1 / n_c))
    hits = np.flatnonzero(np.nan_to_num(z) > CRITICAL)
    return int(hits[0]) + 1 if hits.size else None
