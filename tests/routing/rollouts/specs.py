"""Rollouts to drive, and hypothesis strategies for all that can be asked for."""

from hypothesis import strategies as st

from routing.rollouts.spec import (
    FORMATS,
    KINDS,
    ON_HARM,
    ON_NO_VERDICT,
    STAGES,
    Errors,
    Gate,
    Latency,
    Promql,
    Spec,
    Step,
    Strategy,
    Told,
)

STEPS = (Step(5, 20), Step(25, 20), Step(50, 20), Step(100, 20))


def spec(steps=STEPS, **more) -> Spec:
    return Spec("shop", "cart", "v1", "v2", steps, **more)


numbers = st.floats(0, 10, allow_nan=False).map(lambda number: round(number, 3))
ratios = st.floats(0, 0.99).map(lambda number: round(number, 4))
texts = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=20)
names = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
versions = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?", fullmatch=True)


@st.composite
def bounds(draw):
    low, high = sorted((draw(numbers), draw(numbers)))
    return draw(st.sampled_from([(low, high), (low, None), (None, high)]))


@st.composite
def strategies(draw):
    kind = draw(st.sampled_from(KINDS))
    if kind in ("header", "cookie"):
        return Strategy(kind, draw(names), draw(texts))
    return Strategy(kind)


@st.composite
def steps(draw, kind):
    least = 0 if kind in ("mirror", "header", "cookie") else 1
    weights = sorted(draw(st.lists(st.integers(least, 100), min_size=1, max_size=6)))
    if kind == "mirror":
        weights = [0, *weights, 100]
    if kind == "blue_green":
        weights = [0] * draw(st.integers(0, 2)) + [100]
    return tuple(
        Step(weight, draw(st.integers(1, 600)), draw(st.integers(0, 1000)), draw(st.booleans()))
        for weight in weights
    )


@st.composite
def guards(draw):
    found = []
    if draw(st.booleans()):
        found.append(Errors(draw(numbers), draw(ratios)))
    if draw(st.booleans()):
        found.append(Latency(draw(st.integers(1, 5000)) / 2, draw(numbers), draw(ratios)))
    free = versions.filter(lambda name: name not in ("errors", "latency"))
    found += [
        Promql(name, draw(texts), *draw(bounds()), draw(st.integers(1, 5)))
        for name in draw(st.lists(free, max_size=2, unique=True))
    ]
    return tuple(found) or (Errors(),)


@st.composite
def anything(draw):
    strategy = draw(strategies())
    baseline, canary = draw(st.lists(versions, min_size=2, max_size=2, unique=True))
    return Spec(
        namespace=draw(names),
        service=draw(names),
        baseline=baseline,
        canary=canary,
        steps=draw(steps(strategy.kind)),
        strategy=strategy,
        guards=draw(guards()),
        alpha=draw(st.integers(1, 2000)) / 10_000,
        on_harm=draw(st.sampled_from(ON_HARM)),
        on_no_verdict=draw(st.sampled_from(ON_NO_VERDICT)),
        interval_seconds=draw(st.integers(1, 3600)),
        notify=tuple(draw(st.lists(st.builds(Told, texts, st.sampled_from(FORMATS)), max_size=2))),
        gates=tuple(draw(st.lists(st.builds(Gate, st.sampled_from(STAGES), texts), max_size=2))),
    )
