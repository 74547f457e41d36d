"""Asks the rules of VirtualServices one after the other, and says of each why it is taken or not. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.explain import actions, matching, values
from routing.explain.answer import Match, Rule, Verdict
from routing.explain.delegates import Candidate
from routing.explain.matching import Seen
from routing.explain.values import Unusable

_EVERYTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Taken:
    """The rule that a request takes, and the match by which it does."""

    rule: Rule
    spec: Mapping[str, Any]
    match: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Walk:
    """Every rule with its verdict, and the one that is taken."""

    rules: tuple[Rule, ...]
    taken: Taken | None


def walk(candidates: Iterable[Candidate], seen: Seen, *, catch_all_last: bool = False) -> Walk:
    """Asks the http rules in order. `catch_all_last`: those that take everything are asked after all others,
    as at a gateway.
    """
    numbered = list(enumerate(candidates, start=1))
    order = sorted(numbered, key=lambda each: _takes_all(each[1])) if catch_all_last else numbered
    found: dict[int, Rule] = {}
    taken: Taken | None = None
    for number, candidate in order:
        if taken is not None:
            found[number] = unreached(number, candidate, taken.rule)
            continue
        found[number], match = _asked(number, candidate, seen)
        if match is not None:
            taken = Taken(found[number], candidate.spec, match)
    return Walk(tuple(found[number] for number, _ in numbered), taken)


def unreached(number: int, candidate: Candidate, taken: Rule) -> Rule:
    """A rule that is not asked because another one was taken before."""
    if candidate.refused:
        return verdict(number, candidate, "unusable", f"Not used: {candidate.refused}.")
    reason = f"Never reached: rule {taken.number} matched before."
    return verdict(number, candidate, "not_reached", reason)


def verdict(
    number: int, candidate: Candidate, word: Verdict, reason: str, matches: tuple[Match, ...] = ()
) -> Rule:
    """A rule with what became of it."""
    name = values.text(candidate.spec.get("name"))
    return Rule(number, candidate.resource, candidate.path, name, word, reason, matches, candidate.via)


def not_matched(number: int, candidate: Candidate, matches: tuple[Match, ...]) -> Rule:
    """A rule none of whose matches holds."""
    if len(matches) == 1:
        return verdict(number, candidate, "not_matched", _sentence(matches[0].reason), matches)
    told = "; ".join(f"{index}. {match.reason}" for index, match in enumerate(matches, start=1))
    reason = f"None of its {len(matches)} matches holds: {told}."
    return verdict(number, candidate, "not_matched", reason, matches)


def taken_reason(matches: tuple[Match, ...]) -> str:
    """Why a rule is taken."""
    if not matches:
        return "It has no conditions: every request takes it."
    if len(matches) == 1:
        return "All its conditions hold."
    return f"All conditions of match {len(matches)} hold."


def _asked(number: int, candidate: Candidate, seen: Seen) -> tuple[Rule, Mapping[str, Any] | None]:
    """The rule with its verdict, and the match by which it is taken (None when it is not)."""
    if candidate.refused:
        return verdict(number, candidate, "unusable", f"Not used: {candidate.refused}."), None
    given = values.mappings(candidate.spec.get("match"))
    try:
        actions.check(candidate.spec)
        for index, match in enumerate(given):
            matching.check(match, f"match[{index}]")
    except Unusable as error:
        return verdict(number, candidate, "unusable", _refused(candidate, error)), None
    if not given:
        return verdict(number, candidate, "taken", taken_reason(())), _EVERYTHING
    asked: list[Match] = []
    for index, match in enumerate(given):
        failure = matching.first_failure(match, seen)
        path = f"{candidate.path}.match[{index}]"
        asked.append(Match(path, failure is None, failure or "all its conditions hold"))
        if failure is None:
            matches = tuple(asked)
            return verdict(number, candidate, "taken", taken_reason(matches), matches), match
    return not_matched(number, candidate, tuple(asked)), None


def _refused(candidate: Candidate, error: Unusable) -> str:
    where = f"{candidate.path}.{error.path}" if error.path else candidate.path
    return f"Not used, as Istio refuses it. {where}: {error.reason}"


def _takes_all(candidate: Candidate) -> bool:
    """Whether a rule takes every request, as Istio sees it."""
    matches = values.mappings(candidate.spec.get("match"))
    return not candidate.refused and (not matches or any(map(_is_empty, matches)))


def _is_empty(match: Mapping[str, Any]) -> bool:
    uri = values.mapping(match.get("uri"))
    whole = not uri or uri.get("prefix") == "/" or uri.get("regex") == ".*"
    asks = ("headers", "withoutHeaders", "queryParams", "method", "authority", "scheme")
    return whole and not any(match.get(field) for field in asks)


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
