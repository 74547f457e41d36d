"""Rules and matches of a VirtualService that are never used, because an earlier one takes their requests.
Pure.

Semantics: istio/istio pkg/config/validation/validation.go (analyzeUnreachable*Rules). Envoy takes the first
rule that matches; istioctl compares matches as they are written, and prefixes of the URI.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import VIRTUAL_SERVICE
from routing.analysis.objects import Obj, items, mapping, number, objects, text
from routing.analysis.world import Look
from routing.rules import quoted

_BY_NAME: Final = ("headers", "queryParams", "withoutHeaders")


@dataclass(frozen=True, slots=True)
class _Prefix:
    """A match by a prefix of the URI: what it needs besides."""

    rule: int
    match: int
    prefix: str
    port: int
    single: tuple[str, ...]
    """The conditions on method and authority."""
    named: tuple[Mapping[str, str], ...]
    """The conditions on headers, query parameters and absent headers."""

    def covers(self, later: "_Prefix") -> bool:
        """Whether every request of a later match has this one's conditions, as istioctl compares them."""
        return (
            later.port == self.port
            and all(mine.startswith(theirs) for mine, theirs in zip(self.single, later.single, strict=True))
            and all(
                mine.keys() == theirs.keys() and all(mine[name].startswith(theirs[name]) for name in mine)
                for mine, theirs in zip(self.named, later.named, strict=True)
            )
        )


def _condition(match: Any) -> str:
    """`exact GET`, `prefix /a`, or nothing for other conditions."""
    found = mapping(match)
    for how in ("exact", "prefix"):
        if value := text(found.get(how)):
            return f"{how} {value}"
    return ""


def _prefix(rule: int, index: int, match: Mapping[str, Any]) -> _Prefix | None:
    prefix = text(mapping(match.get("uri")).get("prefix"))
    if not prefix:
        return None
    return _Prefix(
        rule,
        index,
        prefix,
        number(match.get("port")) or 0,
        # istioctl takes a match without a method for one of GET.
        (_condition(match.get("method")) or "exact GET", _condition(match.get("authority"))),
        tuple(
            {name: _condition(value) for name, value in mapping(match.get(field)).items()}
            for field in _BY_NAME
        ),
    )


def _check(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    for protocol in ("http", "tls", "tcp"):
        yield from _rules(obj, protocol)
    yield from _prefixes(obj)


def _rules(obj: Obj, protocol: str) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    open_rule: int | None = None
    for index, rule in objects(obj.spec.get(protocol)):
        matches = items(rule.get("match"))
        if open_rule is not None:
            reason = f"rule {_name(obj, protocol, open_rule)} before it has no match and takes everything"
            # One finding for each match, as istioctl counts.
            yield from (_unused(obj, protocol, index, reason) for _ in matches or [None])
        elif not matches:
            open_rule = index
        else:
            yield from _repeated(obj, protocol, index, matches, seen)


def _repeated(
    obj: Obj, protocol: str, index: int, matches: list[Any], seen: dict[str, int]
) -> Iterator[Finding]:
    repeated = 0
    for match_index, match in enumerate(matches):
        written = json.dumps({**mapping(match), "name": ""}, sort_keys=True)
        if written in seen:
            repeated += 1
            at = ("spec", protocol, index, "match", match_index)
            earlier = _name(obj, protocol, seen[written])
            yield finding("IST0131", obj, at, f"This match is never used: rule {earlier} has the same one.")
        seen.setdefault(written, index)
    if repeated == len(matches):
        yield _unused(obj, protocol, index, "all its matches stand in rules before it")


def _unused(obj: Obj, protocol: str, index: int, reason: str) -> Finding:
    message = f"Rule {_name(obj, protocol, index)} is never used: {reason}."
    return finding("IST0130", obj, ("spec", protocol, index), message)


def _name(obj: Obj, protocol: str, index: int) -> str:
    rule = mapping(items(obj.spec.get(protocol))[index])
    name = text(rule.get("name"))
    return quoted(name) if name else f"{protocol}[{index}]"


def _prefixes(obj: Obj) -> Iterator[Finding]:
    """Matches whose prefix an earlier one's covers."""
    by_prefix: dict[str, list[_Prefix]] = {}
    lengths: set[int] = set()
    for later in _all_prefixes(obj):
        for length in sorted(lengths):
            if length < len(later.prefix):
                for earlier in by_prefix.get(later.prefix[:length], ()):
                    if earlier.covers(later):
                        yield _covered(obj, earlier, later)
        by_prefix.setdefault(later.prefix, []).append(later)
        lengths.add(len(later.prefix))


def _all_prefixes(obj: Obj) -> Iterator[_Prefix]:
    seen: set[str] = set()
    for index, rule in objects(obj.spec.get("http")):
        if not items(rule.get("match")):
            return
        for match_index, match in objects(rule.get("match")):
            written = json.dumps({**match, "name": ""}, sort_keys=True)
            found = _prefix(index, match_index, match)
            if written not in seen and found is not None:
                yield found
            seen.add(written)


def _covered(obj: Obj, earlier: _Prefix, later: _Prefix) -> Finding:
    message = (
        f"The prefix {quoted(later.prefix)} is never used: match {earlier.match} of rule "
        f"{_name(obj, 'http', earlier.rule)} takes the prefix {quoted(earlier.prefix)} before."
    )
    return finding("IST0131", obj, ("spec", "http", later.rule, "match", later.match), message)


ANALYZERS: Final = (
    analyzer(
        "schemaValidation.CollectionValidationAnalyzerVirtualService",
        "IST0130 IST0131",
        (VIRTUAL_SERVICE,),
        _check,
    ),
)
