"""`python -m bench.judge_figure > docs/judge.svg`: the evidence of made-up rollouts, beside its bound.

Seeded, so the figure is the same every time; a test holds the document to it.
"""

import math
import sys
from typing import Final

from bench.rollouts import LIMITS, LOOKS, Scenario, rollouts
from routing.rollouts.judge import Evidence, looked

WIDTH: Final = 760
HEIGHT: Final = 340
LEFT, RIGHT, TOP, BOTTOM = 64, 216, 20, 44
LOWEST: Final = -4.0
HIGHEST: Final = 4.0
CURVES: Final = (
    ("three times the errors", "#c0392b", Scenario(times=3), 3),
    ("twice the errors", "#d68910", Scenario(times=2), 3),
    ("healthy", "#1e8449", Scenario(), 3),
    ("outage of both from look 91", "#2471a3", Scenario(outage=3), 5),
)
"""A name, a colour, what is simulated, and the seed."""


def figure() -> str:
    """The figure as SVG."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>The evidence for harm over 120 looks</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        '<g font-family="sans-serif" font-size="12">',
        *_axes(),
    ]
    for place, (name, colour, scenario, seed) in enumerate(CURVES):
        points = _curve(scenario, seed)
        path = " ".join(f"{_x(look):.1f},{_y(value):.1f}" for look, value in enumerate(points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = TOP + 16 + 22 * place
        parts.append(f'<rect x="{WIDTH - RIGHT + 14}" y="{at - 9}" width="12" height="10" fill="{colour}"/>')
        parts.append(f'<text x="{WIDTH - RIGHT + 32}" y="{at}" fill="#222222">{name}</text>')
    return "\n".join([*parts, "</g>", "</svg>"]) + "\n"


def _curve(scenario: Scenario, seed: int) -> list[float]:
    """The decimal logarithm of the evidence after each look, until it reaches the bound."""
    evidence, found = Evidence(), [0.0]
    for look in next(rollouts(scenario, 1, seed)):
        evidence = looked(evidence, look, LIMITS)
        found.append(evidence.log_harm / math.log(10))
        if found[-1] >= -math.log10(LIMITS.alpha):
            break
    return found


def _axes() -> list[str]:
    bound, right = _y(-math.log10(LIMITS.alpha)), WIDTH - RIGHT
    lines = [
        f'<path d="M{LEFT} {bound:.1f}H{right}" stroke="#222222" stroke-dasharray="6 4"/>',
        f'<text x="{LEFT + 6}" y="{bound - 6:.1f}" fill="#222222">1/alpha: harm</text>',
    ]
    for power in range(int(LOWEST), int(HIGHEST) + 1, 2):
        y = _y(power)
        lines.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}" stroke="#e2e2e2"/>')
        words = f"{10**power:,}" if power >= 0 else f"1/{10**-power:,}"
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" fill="#555555">{words}</text>')
    for look, weight in ((0, "5 %"), (30, "10 %"), (60, "25 %"), (90, "50 %")):
        x, low = _x(look), HEIGHT - BOTTOM
        lines.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{low}" stroke="#e2e2e2"/>')
        words = f"look {look}: {weight}"
        lines.append(f'<text x="{x + 3:.1f}" y="{low + 16}" fill="#555555">{words}</text>')
    return lines


def _x(look: float) -> float:
    return LEFT + look * (WIDTH - LEFT - RIGHT) / LOOKS


def _y(value: float) -> float:
    part = (HIGHEST - min(HIGHEST, max(LOWEST, value))) / (HIGHEST - LOWEST)
    return TOP + part * (HEIGHT - TOP - BOTTOM)


if __name__ == "__main__":
    sys.stdout.write(figure())
