"""Explains connections: TCP by port and address, TLS by the server's name (SNI), which nobody decrypts. Pure.

Source: istio.io/istio, pilot/pkg/networking/core/tls.go. Of TCP rules the first that matches is taken. Of TLS
rules Envoy takes the one with the most specific server name, whatever their order.
"""

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any

from routing.explain import actions, destinations, lookup, matching, values, walking
from routing.explain.answer import Answer, Destination, Explanation, Match, Policies, Rule
from routing.explain.asked import Asked
from routing.explain.delegates import Candidate
from routing.explain.lookup import InForce
from routing.explain.values import Unusable
from routing.istio import hosts
from routing.rules import quoted


def explain(asked: Asked, found: InForce, notes: tuple[str, ...]) -> Explanation:
    """What becomes of a connection."""
    candidates = list(lookup.rules(found.virtual_services, asked.world, asked.protocol))
    rules, spec = _walk(asked, candidates)
    if spec is not None:
        targets = _targets(asked, spec)
        number = next(rule.number for rule in rules if rule.verdict == "taken")
        sentence = f"Rule {number} of {found.resource} sends {destinations.told_shares(targets)}."
        return asked.explanation(found, "forwarded", sentence, **_parts(rules, targets, notes))
    if asked.host is None or (asked.protocol == "tls" and _claims_port(asked, candidates)):
        # Server names are told apart by TLS rules, and this one is none of theirs.
        name = quoted(_sni(asked)) if asked.protocol == "tls" else f"port {asked.port}"
        sentence = f"No rule of {found.resource or 'any VirtualService'} is for {name}: it is closed."
        return asked.explanation(found, "no_listener", sentence, rules=rules, notes=notes)
    target = _target(asked, {"destination": {"host": asked.name}}, 1.0, None)
    sentence = f"No rule is for it, so {destinations.named(target)} itself gets it: every pod alike."
    return asked.explanation(found, "forwarded", sentence, **_parts(rules, (target,), notes))


def _parts(
    rules: tuple[Rule, ...], targets: tuple[Destination, ...], notes: tuple[str, ...]
) -> dict[str, Any]:
    failures = tuple(
        Answer(0, each.problem.flag, each.probability, f"{each.problem.message} (the connection is closed)")
        for each in targets
        if each.problem and each.probability
    )
    return {
        "rules": rules,
        "destinations": targets,
        "answers": failures,
        "policies": Policies(),
        "notes": notes,
    }


def _walk(asked: Asked, candidates: list[Candidate]) -> tuple[tuple[Rule, ...], Mapping[str, Any] | None]:
    found = [_asked(asked, number, each) for number, each in enumerate(candidates, start=1)]
    holding = [index for index, rule in enumerate(found) if rule.verdict == "taken"]
    if not holding:
        return tuple(found), None
    best = holding[0]
    if asked.protocol == "tls":
        best = max(holding, key=lambda index: (_precision(asked, candidates[index]), -index))
    for index, candidate in enumerate(candidates):
        if index < best and index in holding:
            reason = f"It matches too, but rule {best + 1} names the server more precisely."
            found[index] = replace(found[index], verdict="not_matched", reason=reason)
        elif index > best and found[index].verdict != "unusable":
            found[index] = walking.unreached(index + 1, candidate, found[best])
    return tuple(found), candidates[best].spec


def _asked(asked: Asked, number: int, candidate: Candidate) -> Rule:
    given = values.mappings(candidate.spec.get("match"))
    routes = values.mappings(candidate.spec.get("route"))
    try:
        if not routes:
            raise Unusable("route", "It is missing.")
        actions.shares(routes, "route")
    except Unusable as error:
        reason = f"Not used, as Istio refuses it. {candidate.path}.{error.path}: {error.reason}"
        return walking.verdict(number, candidate, "unusable", reason)
    if not given:
        if asked.protocol == "tls":
            reason = "Not used, as Istio refuses it: a TLS rule needs a match with sniHosts."
            return walking.verdict(number, candidate, "unusable", reason)
        return walking.verdict(number, candidate, "taken", walking.taken_reason(()))
    matches: list[Match] = []
    for index, match in enumerate(given):
        failure = _failure(asked, match)
        path = f"{candidate.path}.match[{index}]"
        matches.append(Match(path, failure is None, failure or "all its conditions hold"))
        if failure is None:
            told = tuple(matches)
            return walking.verdict(number, candidate, "taken", walking.taken_reason(told), told)
    return walking.not_matched(number, candidate, tuple(matches))


def _failure(asked: Asked, match: Mapping[str, Any]) -> str | None:
    other = matching.admits(match, asked.caller, asked.port)
    if other:
        return other
    if asked.protocol == "tls":
        names = values.texts(match.get("sniHosts"))
        if not any(hosts.covers(name, _sni(asked)) for name in names):
            listed = " or ".join(map(quoted, names)) or "none"
            return f"the server's name is {quoted(_sni(asked))}; the rule asks for {listed}"
    subnets = values.texts(match.get("destinationSubnets"))
    if not subnets:
        return None
    listed = " or ".join(subnets)
    if not _address(asked):
        return f"the rule asks for an address in {listed}; which one is called is not known"
    if not any(_inside(_address(asked), subnet) for subnet in subnets):
        return f"the address is {_address(asked)}; the rule asks for one in {listed}"
    return None


def _inside(address: str, subnet: str) -> bool:
    try:
        return ip_address(address) in ip_network(subnet, strict=False)
    except ValueError:
        return False


def _precision(asked: Asked, candidate: Candidate) -> tuple[bool, int]:
    names = [
        name
        for match in values.mappings(candidate.spec.get("match"))
        if _failure(asked, match) is None
        for name in values.texts(match.get("sniHosts"))
        if hosts.covers(name, _sni(asked))
    ]
    return max(((not name.startswith("*"), len(name)) for name in names), default=(False, 0))


def _claims_port(asked: Asked, candidates: list[Candidate]) -> bool:
    """Whether some TLS rule is for this caller and port; then others than its server names get nowhere."""
    return any(
        matching.admits(match, asked.caller, asked.port) is None
        for candidate in candidates
        for match in values.mappings(candidate.spec.get("match"))
    )


def _targets(asked: Asked, spec: Mapping[str, Any]) -> tuple[Destination, ...]:
    routes = values.mappings(spec.get("route"))
    shares = actions.shares(routes, "route")
    alone = len(routes) == 1
    return tuple(
        _target(asked, each, share, None if alone else values.whole(each.get("weight")))
        for each, share in zip(routes, shares, strict=True)
    )


def _target(asked: Asked, route: Mapping[str, Any], share: float, weight: int | None) -> Destination:
    wanted = values.mapping(route.get("destination"))
    return destinations.reach(asked.world, wanted, asked.port, asked.caller).told(share, weight, None)


def _sni(asked: Asked) -> str:
    """The server's name that the caller asks for."""
    return asked.request.sni or asked.name


def _address(asked: Asked) -> str:
    """The address that the caller connects to, or empty."""
    return asked.request.address or (asked.host.address if asked.host else "")
