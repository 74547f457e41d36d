"""Puts the answer to an HTTP request together: destinations with their shares, policies, answers. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing import gatewayapi
from routing.explain import actions, destinations, headers, values
from routing.explain.answer import Answer, Destination, Explanation, Fault, Mirror, Policies, Sent
from routing.explain.asked import Asked
from routing.explain.lookup import InForce
from routing.explain.matching import Seen
from routing.explain.walking import Taken, Walk
from routing.rules import quoted
from routing.sentences import percent

_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Routed:
    """A request that came as far as the rules: what was asked, what is in force, and what the rules say."""

    asked: Asked
    seen: Seen
    found: InForce
    walk: Walk
    notes: tuple[str, ...] = ()

    def explain(self) -> Explanation:
        """What becomes of it: what the rule taken does, 404 where none is, the service where there is none
        for this caller.
        """
        if self.walk.taken is not None:
            return self._taken(self.walk.taken)
        if not self.found.virtual_services and not self.asked.caller.gateway:
            return self._by_default()
        sentence = self._unmatched()
        return self._told("no_route", sentence, answers=(Answer(404, "NR", 1.0, sentence),))

    def _taken(self, taken: Taken) -> Explanation:
        fault = actions.fault(taken.spec)
        if taken.spec.get("redirect"):
            redirect = values.mapping(taken.spec["redirect"])
            location = actions.location(redirect, taken.match, self.seen)
            return self._itself(taken, fault, actions.redirect_status(redirect), location)
        if taken.spec.get("directResponse"):
            status = actions.direct_status(values.mapping(taken.spec["directResponse"]))
            return self._itself(taken, fault, status)
        targets = self._destinations(taken)
        return self._told(
            "forwarded",
            _forwarded(taken, targets, fault),
            destinations=targets,
            answers=(*_aborts(fault), *_failures(targets, _going_on(fault))),
            policies=self._policies(taken.spec, fault),
            notes=(*self.notes, *_notes(taken.spec, targets)),
        )

    def _itself(self, taken: Taken, fault: Fault | None, status: int, location: str = "") -> Explanation:
        """An answer that the caller's proxy gives itself."""
        does = f"redirects it ({status}) to {location}" if location else f"answers {status} itself"
        sentence = f"Rule {taken.rule.number} of {taken.rule.resource} {does}; no service is asked."
        share = _going_on(fault)
        own = (Answer(status, "", share, sentence, location),) if share else ()
        return self._told(
            "redirected" if location else "answered",
            sentence,
            answers=(*_aborts(fault), *own),
            policies=_own_policies(taken.spec, fault),
        )

    def _by_default(self) -> Explanation:
        name, port = self.asked.name, self.asked.port
        target = self._destination({"destination": {"host": name}}, 1.0)
        passed = ", ".join(map(gatewayapi.named, self.found.passed_over))
        why = f"No rule of {passed} is for this caller" if passed else "No VirtualService is in force for it"
        return self._told(
            "forwarded",
            f"{why}, so {name}:{port} itself gets it: every pod of the service alike.",
            destinations=(target,),
            answers=_failures((target,), 1.0),
            policies=Policies(retries=actions.retries({})),
        )

    def _unmatched(self) -> str:
        if self.found.virtual_services:
            return f"No rule of {self.found.resource} matches: it is answered 404."
        gateway, seen = self.asked.caller.gateway, self.asked.by_what_is_read
        return f"No VirtualService of gateway {gateway} is for {self.asked.name}{seen}: it is answered 404."

    def _told(self, outcome: Any, sentence: str, **parts: Any) -> Explanation:
        whole = {"rules": self.walk.rules, "notes": self.notes, **parts}
        return self.asked.explanation(self.found, outcome, sentence, **whole)

    def _destinations(self, taken: Taken) -> tuple[Destination, ...]:
        routes = values.mappings(taken.spec.get("route"))
        shares = actions.shares(routes, "route")
        return tuple(
            self._destination(each, share, taken, alone=len(routes) == 1)
            for each, share in zip(routes, shares, strict=True)
        )

    def _destination(
        self,
        route: Mapping[str, Any],
        share: float,
        taken: Taken | None = None,
        *,
        alone: bool = True,
    ) -> Destination:
        asked, wanted = self.asked, values.mapping(route.get("destination"))
        spec, match = (taken.spec, taken.match) if taken else (_NOTHING, _NOTHING)
        missing = destinations.MISSING_BACKEND if taken and taken.of_gateway_api else destinations.MISSING
        target = destinations.reach(asked.world, wanted, asked.port, asked.caller, missing)
        sent = Sent(
            path=actions.rewritten(spec, match, self.seen),
            authority=_authority(spec, route) or self.seen.authority,
            headers=headers.sent(
                asked.request.headers, spec.get("headers"), route.get("headers"), alone=alone
            ),
        )
        return target.told(share, None if alone else values.whole(route.get("weight")), sent)

    def _policies(self, spec: Mapping[str, Any], fault: Fault | None) -> Policies:
        """What a rule that sends requests on says besides its destinations."""
        return Policies(
            timeout_seconds=actions.timeout(spec),
            retries=actions.retries(spec),
            fault=fault,
            mirrors=tuple(self._mirrors(spec)),
            rewrite=values.mapping(spec.get("rewrite")) or None,
            headers=headers.shown(spec, values.mappings(spec.get("route"))),
            cors=values.mapping(spec.get("corsPolicy")) or None,
        )

    def _mirrors(self, spec: Mapping[str, Any]) -> Iterable[Mirror]:
        for wanted, share in actions.mirror_shares(spec):
            target = destinations.reach(self.asked.world, wanted, self.asked.port, self.asked.caller)
            yield Mirror(target.name, target.port, target.subset, share, target.place.problem)


def _own_policies(spec: Mapping[str, Any], fault: Fault | None) -> Policies:
    return Policies(
        fault=fault,
        headers=headers.shown(spec, []),
        cors=values.mapping(spec.get("corsPolicy")) or None,
        redirect=values.mapping(spec.get("redirect")) or None,
        direct_response=values.mapping(spec.get("directResponse")) or None,
    )


def _authority(spec: Mapping[str, Any], route: Mapping[str, Any]) -> str:
    """What the rule makes of the host; empty where it leaves it. The route's word counts before that of a
    destination.
    """
    rewrite = values.text(values.mapping(spec.get("rewrite")).get("authority"))
    return rewrite or headers.authority(spec.get("headers")) or headers.authority(route.get("headers"))


def _going_on(fault: Fault | None) -> float:
    return 1.0 - fault.abort_probability if fault else 1.0


def _aborts(fault: Fault | None) -> tuple[Answer, ...]:
    if fault is None or not fault.abort_probability:
        return ()
    status = fault.abort_grpc_status and f"the gRPC status {fault.abort_grpc_status}"
    share = percent(100 * fault.abort_probability)
    words = f"The fault of the rule answers {share} with {status or fault.abort_status}; no service is asked."
    return (Answer(fault.abort_status, "FI", fault.abort_probability, words),)


def _failures(targets: Iterable[Destination], going_on: float) -> tuple[Answer, ...]:
    """What the caller's proxy answers for destinations that cannot be reached."""
    return tuple(
        Answer(problem.status, problem.flag, going_on * each.probability, _sentence(problem.message))
        for each in targets
        if (problem := each.problem) and going_on * each.probability
    )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _forwarded(taken: Taken, targets: tuple[Destination, ...], fault: Fault | None) -> str:
    told = destinations.told_shares(targets)
    sentence = f"Rule {taken.rule.number} of {taken.rule.resource} sends {told}"
    if fault is None:
        return f"{sentence}."
    does = []
    if fault.delay_probability:
        does.append(f"delays {percent(100 * fault.delay_probability)} by {fault.delay_seconds:g} s")
    if fault.abort_probability:
        does.append(f"answers {percent(100 * fault.abort_probability)} with {fault.abort_status} before")
    return f"{sentence}, and {' and '.join(does)}."


def _notes(spec: Mapping[str, Any], targets: Iterable[Destination]) -> Iterable[str]:
    if spec.get("fault") and (spec.get("timeout") or spec.get("retries")):
        yield "The rule has a fault: an aborted request is not retried, and no timeout counts the delay."
    paths = {each.sent.path for each in targets if each.sent and not each.sent.path.startswith("/")}
    if spec.get("rewrite") and paths:
        shown = quoted(paths.pop())
        yield f"The rewritten path {shown} does not begin with a slash; most servers answer that with 400."
