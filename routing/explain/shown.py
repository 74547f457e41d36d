"""An explanation in the form that the page draws: words, shapes, shares and lines. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from routing.explain.answer import Answer, Destination, Explanation, Mirror, Policies, Rule
from routing.sentences import percent

Json = dict[str, Any]
VERDICTS: Final = {
    "taken": ("ok", "Taken"),
    "not_matched": ("idle", "Does not match"),
    "not_reached": ("idle", "Never reached"),
    "unusable": ("failing", "Not used"),
}
_OUTCOMES: Final = {
    "forwarded": ("ok", "Sent on"),
    "redirected": ("info", "Redirected"),
    "answered": ("info", "Answered by the proxy"),
    "no_route": ("failing", "No route: 404"),
    "unknown_host": ("degraded", "Unknown to the mesh"),
    "no_listener": ("failing", "Not routed"),
}
_POLICIES: Final = {
    "loadBalancer": "Load balancing",
    "connectionPool": "Connection pool",
    "outlierDetection": "Outlier detection",
    "tls": "TLS",
    "proxyProtocol": "Proxy protocol",
    "tunnel": "Tunnel",
}


def page(found: Explanation) -> Json:
    """Everything that the page draws of an explanation."""
    status, word = _outcome(found)
    going = [each for each in found.destinations if each.probability]
    # What is the same for all is told once, below them.
    same_sent = len(going) > 1 and len({each.sent for each in going}) == 1
    same_rule = len(going) > 1 and all(each.rule == going[0].rule for each in going)
    return {
        "status": status,
        "word": word,
        "sentence": found.sentence.replace(" %", "\N{NO-BREAK SPACE}%"),
        "resource": found.resource,
        "resource_reason": found.resource_reason,
        "host": found.host,
        "port": found.port,
        "rules": [_rule(rule, found) for rule in found.rules],
        "rivals": found.rivals,
        "destinations": [
            _destination(each, sent=not same_sent, rule=not same_rule) for each in found.destinations
        ],
        "common": _facts(going[0], sent=same_sent, rule=same_rule) if same_sent or same_rule else None,
        "answers": [_answer(each) for each in found.answers],
        "policies": list(_policies(found.policies)),
        "notes": found.notes,
        "whole": found.whole,
    }


def lines(value: object, path: str = "") -> Iterator[tuple[str, str]]:
    """The leaves of a value, each with its path: `http.http1MaxPendingRequests`, `10`."""
    if isinstance(value, Mapping) and value:
        for name, each in value.items():
            yield from lines(each, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list | tuple) and any(isinstance(each, Mapping) for each in value):
        for index, each in enumerate(value):
            yield from lines(each, f"{path}[{index}]")
    elif isinstance(value, list | tuple):
        yield path, ", ".join(map(str, value)) or "none"
    elif isinstance(value, bool):
        yield path, "true" if value else "false"
    else:
        yield path, "none" if value in (None, {}) else str(value)


def _outcome(found: Explanation) -> tuple[str, str]:
    failing = sum(answer.probability for answer in found.answers if answer.flag)
    if found.outcome != "forwarded" or not failing:
        return _OUTCOMES[found.outcome]
    return ("failing", "Fails") if failing > 0.999 else ("degraded", f"{percent(100 * failing)} fail")


def _rule(rule: Rule, found: Explanation) -> Json:
    status, word = VERDICTS[rule.verdict]
    elsewhere = rule.resource if rule.resource != found.resource else ""
    return {
        "number": rule.number,
        "verdict": rule.verdict,
        "status": status,
        "word": word,
        "resource": elsewhere,
        "path": rule.path,
        "name": rule.name,
        "reason": rule.reason,
        "via": rule.via,
        # One match is told by the reason; several are listed, which says it better than one long sentence.
        "matches": rule.matches if len(rule.matches) > 1 else (),
    }


def _destination(each: Destination, *, sent: bool, rule: bool) -> Json:
    goes = each.probability > 0
    return {
        "host": each.host,
        "port": each.port,
        "subset": each.subset,
        "percent": percent(100 * each.probability),
        "width": f"{100 * each.probability:.4g}",
        "none": not goes,
        "labels": [f"{name}={value}" for name, value in each.labels.items()],
        "pods": each.pods,
        "ready_pods": each.ready_pods,
        # Of one version, the subset's labels say which.
        "versions": [f"{count} of {version}" for version, count in each.versions.items()]
        if len(each.versions) > 1
        else [],
        "problem": each.problem,
        **_facts(each, sent=sent and goes, rule=rule and goes),
    }


def _facts(each: Destination, *, sent: bool, rule: bool) -> Json:
    return {
        "sent": each.sent if sent else None,
        "rule": each.rule if rule else None,
        "policy": list(_traffic_policy(each)) if rule else [],
    }


def _traffic_policy(each: Destination) -> Iterator[Json]:
    if each.rule is None:
        return
    for field, value in each.rule.policy.items():
        name = _POLICIES.get(field, field)
        yield {"name": name, "lines": list(lines(value)), "source": each.rule.sources.get(field, "")}


def _answer(answer: Answer) -> Json:
    status = "info" if not answer.flag else "failing"
    return {
        "status": status,
        "code": answer.status or "closed",
        "flag": answer.flag,
        "percent": percent(100 * answer.probability),
        "message": answer.message,
    }


def _policies(policies: Policies) -> Iterator[Json]:
    """The policies of the rule, each with its name and its lines."""
    if policies.timeout_seconds:
        yield _policy("Timeout", [("", f"{policies.timeout_seconds:g} s")])
    if policies.retries:
        yield _policy("Retries", _retries(policies.retries))
    if policies.fault:
        yield _policy("Fault", _fault(policies))
    if policies.mirrors:
        yield _policy("Mirror", map(_mirror, policies.mirrors))
    named = {
        "Rewrite": policies.rewrite,
        "Headers": policies.headers,
        "CORS": policies.cors,
        "Redirect": policies.redirect,
        "Direct response": policies.direct_response,
    }
    for name, value in named.items():
        if value:
            yield _policy(name, lines(value))


def _policy(name: str, found: Iterable[tuple[str, str]]) -> Json:
    return {"name": name, "lines": list(found)}


def _retries(retries: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if retries.get("default"):
        yield "", f"{retries['attempts']}, by Istio's default"
        yield "retryOn", str(retries["retryOn"]).replace(",", ", ")
        return
    yield from lines({name: value for name, value in retries.items() if name != "default"})


def _fault(policies: Policies) -> Iterator[tuple[str, str]]:
    fault = policies.fault
    if fault and fault.delay_probability:
        yield "delay", f"{percent(100 * fault.delay_probability)} wait {fault.delay_seconds:g} s"
    if fault and fault.abort_probability:
        status = f"gRPC {fault.abort_grpc_status}" if fault.abort_grpc_status else fault.abort_status
        yield "abort", f"{percent(100 * fault.abort_probability)} are answered {status}"


def _mirror(mirror: Mirror) -> tuple[str, str]:
    subset = f" subset {mirror.subset}" if mirror.subset else ""
    lost = f"; {mirror.problem.message}" if mirror.problem else ""
    return percent(100 * mirror.probability), f"to {mirror.host}:{mirror.port}{subset}{lost}"
