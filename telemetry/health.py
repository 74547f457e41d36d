"""How much failing traffic makes an app, a workload or a service degraded or failing. Pure.

The rules, their defaults and the annotation are Kiali's, so that what was set up for it counts here, too.
Sources: https://kiali.io/docs/configuration/health, and in kiali/kiali config/config.go (AddHealthDefault),
business/health_calculator.go and frontend/src/types/HealthAnnotation.ts.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

import msgspec
import re2

Health = Literal["ok", "degraded", "failing", "idle"]
Codes = Mapping[tuple[str, str], float]
"""Requests per second by protocol (http, grpc) and code: HTTP's, gRPC's status, or - for no response."""

ANNOTATION: Final = "health.kiali.io/rate"
WORST_FIRST: Final[tuple[Health, ...]] = ("failing", "degraded", "ok", "idle")
_LONGEST: Final = 1024
_MOST_RULES: Final = 1000
_MOST_TOLERANCES: Final = 20
# Codes and names are labels of metrics: they may be anything.
_MOST_REMEMBERED: Final = 100_000
_QUIET: Final = re2.Options()
_QUIET.log_errors = False


Annotated = Mapping[tuple[str, str, str], "tuple[Tolerance, ...]"]
"""Tolerances by kind (workload, service), namespace and name."""


class BadToleranceError(ValueError):
    """A tolerance cannot be read; the message says where and why, in plain words."""


class Tolerance(NamedTuple):
    """How many percent of the requests of a protocol and direction may end with a code that matches.

    `code`, `protocol` and `direction` (inbound, outbound) are expressions that match all of a word. From
    `degraded` percent on (of 0: from the first request on) it is degraded, from `failure` on (0: never) it
    is failing.
    """

    code: Any
    protocol: Any
    direction: Any
    degraded: float
    failure: float

    def judge(self, codes: Codes) -> Health:
        """How it stands with the worst protocol of those that it is about."""
        all_of: dict[str, float] = {}
        failed: dict[str, float] = {}
        for (protocol, code), rate in codes.items():
            if _fits(self.protocol, protocol):
                all_of[protocol] = all_of.get(protocol, 0.0) + rate
                if _fits(self.code, code):
                    failed[protocol] = failed.get(protocol, 0.0) + rate
        return worst(self._of(100 * rate / all_of[protocol]) for protocol, rate in failed.items())

    def _of(self, percent: float) -> Health:
        if percent <= 0:
            return "ok"
        if self.failure > 0 and percent >= self.failure:
            return "failing"
        return "degraded" if percent >= self.degraded else "ok"


@lru_cache(maxsize=10_000)
def _fits(expression: Any, word: str) -> bool:
    """Whether the expression matches all of the word: the same few words for every node in every tick."""
    return bool(expression.fullmatch(word))


class Rule(NamedTuple):
    """The tolerances of what an expression for the namespace, the kind and the name matches."""

    namespace: Any
    kind: Any
    name: Any
    tolerances: tuple[Tolerance, ...]


class Subject(NamedTuple):
    """What has health: an app, a workload or a service, and what is known to belong to it."""

    kind: str
    namespace: str
    name: str
    workload: str = ""
    service: str = ""


class Tolerances:
    """What counts for whom. `annotated`: the annotations that could be read, by kind, namespace and name."""

    def __init__(self, rules: Iterable[Rule] = (), annotated: Annotated | None = None) -> None:
        self._rules = (*rules, _EVERYTHING)
        self._annotated = annotated or {}
        self._judges: dict[tuple[Tolerance, ...], tuple[_Judge, _Judge]] = {}
        self._known: dict[Subject, tuple[_Judge, _Judge]] = {}

    def with_annotations(self, annotated: Annotated) -> "Tolerances":
        """The same rules with these annotations."""
        return Tolerances(self._rules[:-1], annotated)

    def of(self, subject: Subject) -> tuple[Tolerance, ...]:
        """The annotation of its workload, else of its service, else the first rule that is about it."""
        for kind, name in (("workload", subject.workload), ("service", subject.service)):
            if name and (kind, subject.namespace, name) in self._annotated:
                return self._annotated[kind, subject.namespace, name]
        return next(
            rule.tolerances
            for rule in self._rules
            if rule.namespace.fullmatch(subject.namespace)
            and rule.kind.fullmatch(subject.kind)
            and rule.name.fullmatch(subject.name)
        )

    def health(self, subject: Subject, received: Codes, sent: Codes) -> Health:
        """The worst that its tolerances say of what it received and of what it sent."""
        found = self._known.get(subject)
        if found is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            found = self._known[subject] = self._judges_for(self.of(subject))
        inbound, outbound = found
        one, other = inbound.judge(received), outbound.judge(sent)
        return one if one == other else worst((one, other))

    def _judges_for(self, tolerances: tuple[Tolerance, ...]) -> "tuple[_Judge, _Judge]":
        found = self._judges.get(tolerances)
        if found is None:
            found = self._judges[tolerances] = _Judge(tolerances, "inbound"), _Judge(tolerances, "outbound")
        return found


class _Judge:
    """The tolerances of one direction. Most nodes have only codes that none is about: those are quick."""

    def __init__(self, tolerances: tuple[Tolerance, ...], direction: str) -> None:
        self._tolerances = [each for each in tolerances if each.direction.fullmatch(direction)]
        self._matter: dict[tuple[str, str], bool] = {}

    def judge(self, codes: Codes) -> Health:
        for key in codes:
            matters = self._matter.get(key)
            if matters or (matters is None and self._learn(key)):
                return worst(tolerance.judge(codes) for tolerance in self._tolerances)
        return "ok"

    def _learn(self, key: tuple[str, str]) -> bool:
        if len(self._matter) >= _MOST_REMEMBERED:
            self._matter.clear()
        protocol, code = key
        matters = any(
            each.protocol.fullmatch(protocol) and each.code.fullmatch(code) for each in self._tolerances
        )
        self._matter[key] = matters
        return matters


def worst(healths: Iterable[Health]) -> Health:
    """The worst of them; ok where there are none."""
    return min(healths, key=WORST_FIRST.index, default="ok")


def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules out of JSON, in the form of `health_config.rate` of Kiali's configuration.

    Raises BadToleranceError, with the place in the JSON.
    """
    if not text.strip():
        return ()
    try:
        given = msgspec.json.decode(text.encode(), type=list[_GivenRule])
    except (msgspec.DecodeError, UnicodeError) as error:
        raise BadToleranceError(str(error)) from error
    if len(given) > _MOST_RULES:
        raise BadToleranceError(f"there are more than {_MOST_RULES} rules")
    return tuple(_rule(rule, f"[{index}]") for index, rule in enumerate(given))


def read_annotation(text: str) -> tuple[Tolerance, ...]:
    """The tolerances of an annotation: `code,degraded,failure,protocol,direction`, several joined by `;`.

    Raises BadToleranceError for one of which any part cannot be read.
    """
    if len(text) > _LONGEST:
        raise BadToleranceError(f"it is longer than {_LONGEST} characters")
    parts = text.split(";")
    if len(parts) > _MOST_TOLERANCES:
        raise BadToleranceError(f"it has more than {_MOST_TOLERANCES} tolerances")
    return tuple(map(_annotated, parts))


class _GivenTolerance(msgspec.Struct, forbid_unknown_fields=True):
    code: str = ""
    degraded: float = 0.0
    failure: float = 0.0
    protocol: str = ""
    direction: str = ""


class _GivenRule(msgspec.Struct, forbid_unknown_fields=True):
    tolerance: list[_GivenTolerance]
    namespace: str = ""
    kind: str = ""
    name: str = ""


def _rule(given: _GivenRule, where: str) -> Rule:
    if len(given.tolerance) > _MOST_TOLERANCES:
        raise BadToleranceError(f"{where}.tolerance has more than {_MOST_TOLERANCES} entries")
    tolerances = (
        _tolerance(each, f"{where}.tolerance[{index}]") for index, each in enumerate(given.tolerance)
    )
    return Rule(
        _expression(given.namespace, f"{where}.namespace"),
        _expression(given.kind, f"{where}.kind"),
        _expression(given.name, f"{where}.name"),
        tuple(tolerances),
    )


def _tolerance(given: _GivenTolerance, where: str) -> Tolerance:
    for name, percent in (("degraded", given.degraded), ("failure", given.failure)):
        if not 0 <= percent <= 100:
            raise BadToleranceError(f"{where}.{name} is {percent:g}, and a percentage is from 0 to 100")
    # As in Kiali, an x in a code is any digit.
    code = given.code.replace("x", r"\d").replace("X", r"\d")
    return Tolerance(
        _expression(code, f"{where}.code"),
        _expression(given.protocol, f"{where}.protocol"),
        _expression(given.direction, f"{where}.direction"),
        given.degraded,
        given.failure,
    )


def _annotated(text: str) -> Tolerance:
    quoted = repr(text[:80])
    parts: Sequence[str] = [part.strip() for part in text.split(",")]
    if len(parts) != 5:
        raise BadToleranceError(f"{quoted} is not code,degraded,failure,protocol,direction")
    try:
        degraded, failure = float(parts[1]), float(parts[2])
    except ValueError as error:
        raise BadToleranceError(f"{quoted} has a percentage that is no number") from error
    if degraded > failure:
        raise BadToleranceError(f"{quoted} is degraded at more percent than it is failing")
    return _tolerance(_GivenTolerance(parts[0], degraded, failure, parts[3], parts[4]), quoted)


@lru_cache(maxsize=1024)
def _compiled(text: str) -> Any:
    return re2.compile(text or ".*", _QUIET)


def _expression(text: str, where: str) -> Any:
    if len(text) > _LONGEST:
        raise BadToleranceError(f"{where} is longer than {_LONGEST} characters")
    try:
        return _compiled(text)
    except (re2.error, UnicodeError) as error:
        raise BadToleranceError(f"{where} is no regular expression (RE2): {text[:80]!r}") from error


_EVERYTHING: Final = _rule(
    _GivenRule(
        [
            _GivenTolerance("5xx", 0, 10, "http"),
            _GivenTolerance("4xx", 10, 20, "http"),
            _GivenTolerance("[1-9]|1[0-6]", 0, 10, "grpc"),
            _GivenTolerance("-", 0, 10, "http|grpc"),
        ]
    ),
    "",
)
"""Kiali's defaults, for all that no other rule is about."""
