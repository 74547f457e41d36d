"""Asks the rules of VirtualServices one after the other, and says of each why it is taken or not. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.explain import actions, matching, strings, values
from routing.explain.answer import Match, Rule, Verdict
from routing.explain.delegates import Candidate
from routing.explain.matching import Seen
from routing.explain.values import Unusable

_IN_PART: Final = "Its matches before the one that takes everything do not hold."
_EVERYTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Taken:
    """The rule that a request takes, and the match by which it does."""

    rule: Rule
    spec: Mapping[str, Any]
    match: Mapping[str, Any]
    of_gateway_api: bool = False


@dataclass(frozen=True, slots=True)
class Walk:
    """Every rule with its verdict, and the one that is taken."""

    rules: tuple[Rule, ...]
    taken: Taken | None


def walk(candidates: Iterable[Candidate], seen: Seen) -> Walk:
    """Asks the http rules of one VirtualService in order."""
    found = _Asking(seen)
    for candidate in candidates:
        found.add(candidate)
    for number in found.waiting():
        found.ask(number)
    return found.done()


def walk_merged(groups: Iterable[Iterable[Candidate]], seen: Seen) -> Walk:
    """Asks the http rules of several VirtualServices that share a host of a gateway. As in Istio, each counts
    up to its first route that takes everything, and those routes are asked after all others.
    """
    found = _Asking(seen)
    last: dict[int, int] = {}
    for group in groups:
        final = 0
        for candidate in group:
            number = found.add(candidate)
            if final:
                found.leave(number, final)
            elif (index := _takes_all(candidate, seen)) is not None:
                final, last[number] = number, index
    for number in found.waiting():
        found.ask(number, before=last.get(number))
    for number in last:
        found.ask(number)
    return found.done()


class _Asking:
    """The rules so far, numbered from 1, with what became of each."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen
        self._candidates: dict[int, Candidate] = {}
        self._rules: dict[int, Rule] = {}
        self._taken: Taken | None = None

    def add(self, candidate: Candidate) -> int:
        number = len(self._candidates) + 1
        self._candidates[number] = candidate
        return number

    def leave(self, number: int, final: int) -> None:
        """One that stands behind a rule which takes everything, and so is not even asked."""
        reason = f"Never reached: rule {final} before it takes every request."
        self._rules[number] = verdict(number, self._candidates[number], "not_reached", reason)

    def waiting(self) -> list[int]:
        return [number for number in self._candidates if number not in self._rules]

    def ask(self, number: int, *, before: int | None = None) -> None:
        """`before`: only its matches up to this one, which takes everything."""
        if self._taken is None:
            candidate = self._candidates[number]
            self._rules[number], match = _asked(number, candidate, self._seen, before)
            if match is not None:
                self._taken = Taken(self._rules[number], candidate.spec, match, candidate.of_gateway_api)

    def done(self) -> Walk:
        taken = self._taken
        if taken is not None:
            for number, candidate in self._candidates.items():
                # Asked in part only counts as not reached, too.
                known = self._rules.get(number)
                if known is None or (known.verdict == "not_matched" and known.reason == _IN_PART):
                    self._rules[number] = unreached(number, candidate, taken.rule)
        return Walk(tuple(self._rules[number] for number in self._candidates), taken)


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


def _asked(
    number: int, candidate: Candidate, seen: Seen, before: int | None
) -> tuple[Rule, Mapping[str, Any] | None]:
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
    if not given and before is None:
        return verdict(number, candidate, "taken", taken_reason(())), _EVERYTHING
    asked: list[Match] = []
    for index, match in enumerate(given[:before]):
        failure = matching.first_failure(match, seen)
        path = candidate.match_path(index)
        asked.append(Match(path, failure is None, failure or "all its conditions hold"))
        if failure is None:
            matches = tuple(asked)
            return verdict(number, candidate, "taken", taken_reason(matches), matches), match
    if before is not None:
        return verdict(number, candidate, "not_matched", _IN_PART), None
    return not_matched(number, candidate, tuple(asked)), None


def _refused(candidate: Candidate, error: Unusable) -> str:
    where = f"{candidate.path}.{error.path}" if error.path else candidate.path
    return f"Not used, as Istio refuses it. {where}: {error.reason}"


def _takes_all(candidate: Candidate, seen: Seen) -> int | None:
    """The index of a rule's first match that takes every request, as Istio sees it; 0 without any match."""
    matches = values.mappings(candidate.spec.get("match"))
    if candidate.refused:
        return None
    if not matches:
        return 0
    empty = (index for index, match in enumerate(matches) if _is_empty(match, seen))
    return next(empty, None)


def _is_empty(match: Mapping[str, Any], seen: Seen) -> bool:
    uri = values.mapping(match.get("uri"))
    whole = not strings.kind_of(uri) or uri.get("prefix") == "/" or uri.get("regex") == ".*"
    asks = ("headers", "withoutHeaders", "queryParams", "method", "authority", "scheme")
    asked = any(field in match for field in asks)
    return whole and not asked and matching.admits(match, seen.caller, seen.port) is None


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
