"""Runs the analyzers over a world. Pure.

Each analyzer is called for each object of its kinds. `run` answers with what it looked up besides, so that a
caller can keep the answers and ask again only for those that a change concerns.
"""

from collections.abc import Iterable, Iterator, Sequence

from routing.analysis.analyzers import ALL
from routing.analysis.findings import Analyzer, Finding, finding
from routing.analysis.objects import Obj
from routing.analysis.world import Bucket, Look, World

SUPPRESS = "galley.istio.io/analyze-suppress"


def analyze(world: World, analyzers: Iterable[Analyzer] = ALL) -> tuple[Finding, ...]:
    """Everything that the analyzers say about a world, in an order that depends on the world alone."""
    look = Look(world)
    return ordered(
        found
        for analyzer in analyzers
        for kind in analyzer.subjects
        for obj in world.of(kind)
        for found in findings_of(analyzer, look, obj)
    )


def analyze_one(world: World, obj: Obj, analyzers: Iterable[Analyzer]) -> tuple[Finding, ...]:
    """What the analyzers say about one object of a world."""
    look = Look(world)
    asked = (each for each in analyzers if obj.key.group_kind in each.subjects)
    return ordered(found for analyzer in asked for found in findings_of(analyzer, look, obj))


def run(analyzer: Analyzer, world: World, obj: Obj) -> tuple[tuple[Finding, ...], frozenset[Bucket]]:
    """What one analyzer says about one object, and the buckets of the world that this depends on.

    The object itself is one of them.
    """
    asked: set[Bucket] = {("object", obj.key)}
    found = tuple(findings_of(analyzer, Look(world, asked), obj))
    return found, frozenset(asked)


def findings_of(analyzer: Analyzer, look: Look, obj: Obj) -> Iterator[Finding]:
    """What one analyzer says about one object, without what the object asks to keep quiet about."""
    if not obj.given:
        return
    quiet = {code.strip() for code in obj.annotations.get(SUPPRESS, "").split(",")}
    try:
        found: Sequence[Finding] = list(analyzer.check(look, obj))
    except Exception as error:  # noqa: BLE001  (one check that fails must not hide what the others found)
        found = [
            finding("IST0001", obj, (), f"The check {analyzer.topic} failed: {type(error).__name__}: {error}")
        ]
    yield from (one for one in found if one.code not in quiet and "*" not in quiet)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings in their order: by object, field and code; what several analyzers say stands there once."""
    return tuple(sorted(set(findings), key=lambda one: (one.subject, one.path, one.code, one.message)))
