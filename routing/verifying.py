"""Whether traffic does what a change intended: intended, configured and observed share side by side. Pure.

The verdict "differs" is wrong with probability at most `sample_ratio.ALPHA`, however often it is asked for.
What was counted since the change tells it, and what was counted lately, too: proxies that took the rule late
are no difference for ever. Where the two disagree, nothing is claimed yet.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal, TypeAlias

from routing import sample_ratio
from routing.rules import listed
from routing.sample_ratio import ALPHA, Margin, Range
from routing.sentences import percent

Verdict: TypeAlias = Literal["as_intended", "differs", "not_yet_known", "not_measured"]
Finding: TypeAlias = dict[str, str]

SETTLING_SECONDS: Final = 5.0
"""What is counted in the first seconds says more of the proxies than of the split."""
_HIGHEST_LOG: Final = 690.0
_SOME: Final = 0.01


@dataclass(frozen=True, slots=True)
class Counted:
    """Requests by version, each counted once, since a moment (seconds since the epoch)."""

    since: float
    requests: Mapping[str, float]
    errors: Mapping[str, float] = field(default_factory=dict)
    unproxied: float = 0.0

    @property
    def total(self) -> float:
        """All of them."""
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True)
class Setting:
    """What steers a service: the weights of its default route in percent, the part (0-1) that each version
    can get over all routes, and what may turn requests away from them. `fed_elsewhere`: the versions that
    other routes than the default one send requests to, too. `unacknowledged`: what the control plane says of
    a resource that not all proxies have yet.
    """

    weights: Mapping[str, float] | None
    ranges: Mapping[str, Range] = field(default_factory=dict)
    fed_elsewhere: frozenset[str] = frozenset()
    routed_by: str = ""
    rivals: tuple[str, ...] = ()
    gateway_only: tuple[str, ...] = ()
    retries: bool = False
    affinity: bool = False
    unacknowledged: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a change. `counted` is since the change, `lately` since some moment between then and
    now; None where nothing counts. `observed`: shares (0-1) of the last seconds. `unavailable`: why there is
    no current measurement. `seconds_since`: how long ago the change was done.
    """

    intended: Setting
    configured: Setting | None
    counted: Counted | None
    lately: Counted | None
    observed: Mapping[str, float]
    requests_per_second: float
    seconds_since: float
    unavailable: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What is said of a change; the evidence is against "as intended", and is tested against 1/ALPHA."""

    verdict: Verdict
    sentence: str
    versions: tuple[dict[str, Any], ...] = ()
    evidence: float | None = None
    diagnosis: tuple[Finding, ...] = ()
    seconds_until_enough: float | None = None
    since: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As the REST API answers it."""
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "versions": list(self.versions),
            "e_value": self.evidence,
            "alpha": ALPHA,
            "diagnosis": list(self.diagnosis),
            "seconds_until_enough": self.seconds_until_enough,
            "since": self.since,
        }


def judge(facts: Facts, margin: Margin = sample_ratio.margin) -> Verification:
    """The verdict, why, and what to do about it. `margin`: how near shares have to be known."""
    versions = _versions(facts)
    if facts.intended.weights is None:
        sentence = "This change sets no weights over versions, so there are no shares to verify."
        return Verification("not_measured", sentence, versions)
    superseded = _superseded(facts)
    if superseded:
        sentence = f"Another configuration is in force now: {superseded}."
        found = (_finding("SUPERSEDED", "Somebody changed the routing after this change."), *_rivals(facts))
        return Verification("differs", sentence, versions, diagnosis=found)
    if all(share.is_open for share in _expected(facts.intended).values()):
        sentence = "Other routes send any version any part of the requests, so no share can be verified."
        return Verification("not_measured", sentence, versions)
    if facts.unavailable or facts.counted is None:
        why = facts.unavailable or "The source of the measurements counts no requests."
        return Verification("not_measured", f"Configured as intended; {why[0].lower()}{why[1:]}", versions)
    return _measured(facts, facts.counted, versions, margin)


def _measured(
    facts: Facts, counted: Counted, versions: tuple[dict[str, Any], ...], margin: Margin
) -> Verification:
    expected = _expected(facts.intended)
    counted = _of(expected, counted, facts.intended)
    lately = _of(expected, facts.lately, facts.intended) if facts.lately else counted
    logs = [sample_ratio.log_evidence(each.requests, expected) for each in (counted, lately)]
    evidence = _shown(min(logs))
    differs = [log >= math.log(1 / ALPHA) for log in logs]
    if all(differs):
        found = _why(facts, counted)
        sentence = f"Traffic does not follow the weights: {_off(counted, expected)}."
        return Verification("differs", sentence, versions, evidence, found, since=counted.since)
    if sample_ratio.is_settled(lately.requests, expected, margin) and not differs[1]:
        late = (_finding("LATE", _LATE),) if differs[0] else ()
        sentence = _follows(lately, expected, facts.intended, margin)
        return Verification("as_intended", sentence, versions, evidence, late, since=lately.since)
    if sample_ratio.is_settled(counted.requests, expected, margin) and not any(differs):
        sentence = _follows(counted, expected, facts.intended, margin)
        return Verification("as_intended", sentence, versions, evidence, since=counted.since)
    basis = lately if differs[0] else counted
    missing = max(0.0, sample_ratio.enough(expected, margin) - basis.total)
    return _too_little(facts, basis, versions, evidence, missing, late=differs[0])


def _too_little(
    facts: Facts,
    counted: Counted,
    versions: tuple[dict[str, Any], ...],
    evidence: float,
    missing: float,
    *,
    late: bool,
) -> Verification:
    rate = facts.requests_per_second
    seconds = round(max(1.0, missing / rate), 1) if rate > 0 else None
    found: list[Finding] = [*_unacknowledged(facts)]
    if late or facts.seconds_since < SETTLING_SECONDS:
        found.append(_finding("LATE", _LATE if late else _FRESH))
    if rate <= 0:
        found.append(_finding("NO_TRAFFIC", "Nobody calls the service at the moment."))
        sentence = (
            "Configured as intended. No requests were seen in the last seconds, so nothing confirms it."
        )
    elif seconds and missing:
        found.append(_finding("TOO_LITTLE", _until(counted, missing, seconds)))
        sentence = f"Configured as intended; too few requests to tell yet, about {_span(seconds)} more."
    else:
        sentence = "Configured as intended; the shares are still moving."
    return Verification("not_yet_known", sentence, versions, evidence, tuple(found), seconds, counted.since)


def _versions(facts: Facts) -> tuple[dict[str, Any], ...]:
    """Each version with its three shares in percent, and the requests that the verdict is made of."""
    intended, configured = facts.intended.weights, (facts.configured or facts.intended).weights
    counts = facts.counted.requests if facts.counted else {}
    total = sum(counts.values())
    names = dict.fromkeys([*facts.intended.ranges, *(intended or {}), *(configured or {}), *counts])
    measured = bool(facts.observed)
    return tuple(
        {
            "version": name,
            "intended": None if intended is None else _rounded(intended.get(name, 0.0)),
            "configured": None
            if facts.configured is None or configured is None
            else _rounded(configured.get(name, 0.0)),
            "observed": _rounded(100 * facts.observed.get(name, 0.0)) if measured else None,
            "requests": round(counts.get(name, 0.0)),
            "share": _rounded(100 * counts.get(name, 0.0) / total) if total else None,
        }
        for name in names
        if name
    )


def _superseded(facts: Facts) -> str:
    """What is configured now instead of what was intended; empty when that is it, or not known."""
    if facts.configured is None or facts.intended.weights is None:
        return ""
    intended, now = facts.intended.weights, facts.configured.weights
    if now is None:
        return "no rule weighs the versions any more"
    parts = [
        f"{name or 'another destination'} is at {percent(now.get(name, 0.0))}, "
        f"this change set {percent(intended.get(name, 0.0))}"
        for name in dict.fromkeys([*intended, *now])
        if round(now.get(name, 0.0), 6) != round(intended.get(name, 0.0), 6)
    ]
    return "; ".join(parts)


def _why(facts: Facts, counted: Counted) -> tuple[Finding, ...]:
    """What may have caused a difference, the likeliest first."""
    found = [*_unacknowledged(facts), *_rivals(facts)]
    setting = facts.configured or facts.intended
    if counted.unproxied > _SOME * counted.total:
        part = percent(100 * counted.unproxied / counted.total)
        found.append(
            _finding(
                "CALLER_WITHOUT_PROXY",
                f"{part} of the requests come from callers without a proxy of the mesh: no rule steers them, "
                "and they go to the pods as the service finds them. Bring these callers into the mesh.",
            )
        )
    found += [
        _finding("GATEWAY_ONLY", f"{name} sends requests from a gateway, which do not follow these weights.")
        for name in setting.gateway_only
    ]
    if setting.affinity:
        found.append(
            _finding(
                "AFFINITY",
                "The DestinationRule keeps sessions on one pod (consistent hash): requests are no "
                "independent draws, and few clients can outweigh the weights.",
            )
        )
    if setting.retries and _fails_unevenly(counted):
        found.append(
            _finding(
                "RETRIES",
                "Versions fail unevenly, and failed requests are tried again: callers that try again "
                "themselves are weighed anew, which shifts requests to the version that answers.",
            )
        )
    if not found:
        found.append(
            _finding(
                "NOT_TAKEN",
                "Nothing in the configuration explains it: a proxy may have refused or not received it. "
                "Look at the proxies' state (istioctl proxy-status).",
            )
        )
    return tuple(found)


def _unacknowledged(facts: Facts) -> tuple[Finding, ...]:
    said = (facts.configured or facts.intended).unacknowledged
    return (_finding("NOT_ACKNOWLEDGED", f"Not all proxies have taken it yet: {said}"),) if said else ()


def _rivals(facts: Facts) -> tuple[Finding, ...]:
    setting = facts.configured or facts.intended
    if not setting.rivals:
        return ()
    names = ", ".join(setting.rivals)
    message = f"{names} also claims this host for callers in the mesh, and may be the one in force (IST0109)."
    return (_finding("OTHER_VIRTUAL_SERVICE", message),)


def _fails_unevenly(counted: Counted) -> bool:
    ratios = [
        counted.errors.get(version, 0.0) / requests
        for version, requests in counted.requests.items()
        if requests >= 20
    ]
    return len(ratios) > 1 and max(ratios) - min(ratios) > 0.02


_LATE: Final = "Some requests after the change did not follow it yet: proxies took it late."
_FRESH: Final = "The change is seconds old: proxies take a moment to acknowledge it."


def _until(counted: Counted, missing: float, seconds: float) -> str:
    return (
        f"{counted.total:,.0f} requests were counted; about {missing:,.0f} more are needed, which takes "
        f"{_span(seconds)} at the present rate."
    )


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _off(counted: Counted, expected: Mapping[str, Range]) -> str:
    """The versions that are off by more than is tolerated, the furthest first."""
    total = counted.total
    found = []
    for version in {*expected, *counted.requests}:
        share, wanted = counted.requests.get(version, 0.0) / total, expected.get(version, Range(0.0, 0.0))
        distance = max(wanted.least - share, share - wanted.most)
        if distance > sample_ratio.TOLERANCE:
            text = (
                f"{version or 'another workload'} got {percent(100 * share)}, intended are {_range(wanted)}"
            )
            found.append((-distance, text))
    return "; ".join(text for _, text in sorted(found)) or "shares differ from what was intended"


def _expected(setting: Setting) -> Mapping[str, Range]:
    """The shares to test. Where other routes feed some versions, those of the rest among themselves: of what
    only the default route sends, the ratio is known, whatever part of the requests takes the other routes.
    """
    weights = setting.weights or {}
    names = [name for name in setting.ranges if name not in setting.fed_elsewhere]
    total = sum(weights.get(name, 0.0) for name in names)
    if not setting.fed_elsewhere or len(names) < 2 or not total or weights.get(""):
        return setting.ranges
    return {name: Range(weights.get(name, 0.0) / total, weights.get(name, 0.0) / total) for name in names}


def _of(expected: Mapping[str, Range], counted: Counted, setting: Setting) -> Counted:
    """What was counted of the versions whose shares are tested."""
    if expected is setting.ranges:
        return counted
    kept = {name: n for name, n in counted.requests.items() if name not in setting.fed_elsewhere}
    return replace(counted, requests=kept)


def _follows(counted: Counted, expected: Mapping[str, Range], setting: Setting, margin: Margin) -> str:
    """That traffic is as intended, and what exactly is known of it."""
    known = [share for share in expected.values() if not share.is_open]
    points = max(map(margin, known), default=0.0)
    others = ""
    if expected is not setting.ranges:
        others = f" to {listed(expected)} (other routes send to {listed(sorted(setting.fed_elsewhere))}, too)"
    return (
        f"Traffic follows the weights: {counted.total:,.0f} requests{others}, every share within "
        f"{100 * points:.3g} points of what was intended."
    )


def _range(share: Range) -> str:
    if share.least == share.most:
        return percent(100 * share.least)
    return f"{100 * share.least:.3g} to {100 * share.most:.3g} %"


def _shown(log: float) -> float:
    return float(f"{math.exp(max(-_HIGHEST_LOG, min(log, _HIGHEST_LOG))):.3g}")


def _rounded(value: float) -> float:
    return round(value, 2)


def _finding(code: str, message: str) -> Finding:
    return {"code": code, "message": message}
