"""Matches, actions and policies of HTTP routes in plain words. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from routing.rules import (
    Abort,
    Delay,
    Destination,
    DirectResponse,
    HeaderMatch,
    Match,
    Redirect,
    Route,
    StringMatch,
)
from routing.rules.faults import FaultMatch
from routing.rules.http.changes import HttpPolicy
from routing.rules.http.headers import HeaderOperations, Headers
from routing.rules.http.policies import Cors, Injection, Mirror, Retries, Rewrite
from routing.rules.http.routes import Action, RemoveRoute
from routing.rules.http.targets import told

LONGEST: Final = 60
MOST_MATCHES: Final = 3


def percent(value: float) -> str:
    """`80 %`, `0.5 %`: three significant digits at most."""
    return f"{value:.3g} %" if value < 100 else "100 %"


def whom(match: FaultMatch | None) -> str:
    """For whom a fault is: `everyone`, or the requests that it matches."""
    if isinstance(match, HeaderMatch):
        return f"requests with {match.header}: {_short(match.value)}"
    return requests(match) if match else "everyone"


def requests(match: Match) -> str:
    """`GET requests to /api* with end-user: jason`."""
    method = f"{match.method.value} " if match.method and match.method.how == "exact" else ""
    parts = [f"{method}requests"]
    if match.uri:
        case = " in any case" if match.ignore_uri_case else ""
        parts.append(f"to {_compared(match.uri)}{case}")
    parts += _rest(match, with_method=not method)
    return " ".join(parts)


def _rest(match: Match, *, with_method: bool) -> list[str]:
    found = [f"with method {_compared(match.method)}"] if match.method and with_method else []
    found += [f"by {_compared(match.scheme)}"] if match.scheme else []
    found += [f"for host {_compared(match.authority)}"] if match.authority else []
    found += _listed("with", match.headers, "{}: {}")
    found += _listed("without", match.without_headers, "{}: {}")
    found += _listed("with", match.query_params, "?{}={}")
    if match.source_labels or match.source_namespace:
        labels = ", ".join(f"{name}={value}" for name, value in match.source_labels.items())
        where = f"namespace {match.source_namespace}" if match.source_namespace else ""
        found.append("from " + " in ".join(part for part in (labels, where) if part))
    found += [f"through {', '.join(match.gateways)}"] if match.gateways else []
    return found + ([f"on port {match.port}"] if match.port else [])


def _listed(word: str, conditions: Mapping[str, StringMatch], form: str) -> list[str]:
    shown = [
        form.format(name, _compared(item)) if item.how != "present" else form.format(name, "").rstrip(": =")
        for name, item in conditions.items()
    ]
    return [f"{word} {' and '.join(shown)}"] if shown else []


def _compared(item: StringMatch) -> str:
    """`/api`, `/api*` for a prefix, `~/api/v.` for a regex."""
    text = _short(item.value)
    return {"prefix": f"{text}*", "regex": f"~{text}"}.get(item.how, text)


def route_sentence(rule: Route) -> str:
    """`route jason: requests with end-user: jason to v2, timeout 2s`."""
    who = " or ".join(map(requests, rule.match[:MOST_MATCHES])) or "everything else"
    more = " or ..." if len(rule.match) > MOST_MATCHES else ""
    policies = {name: getattr(rule.policies, name) for name in rule.policies.__slots__}
    parts = [f"{who}{more} {action(rule.action)}"]
    parts += [phrase(name, value) for name, value in policies.items() if value]
    return f"{told(rule.name)}: {', '.join(parts)}" if rule.name else ", ".join(parts)


def http_policy_sentence(rule: HttpPolicy) -> str:
    """`all routes: timeout 2s, no retries`."""
    words = [phrase(name, value) if value else f"no {_NAMES[name]}" for name, value in rule.changes.items()]
    return f"{told(rule.name)}: {', '.join(words)}"


def remove_sentence(rule: RemoveRoute) -> str:
    """`no route jason`."""
    return f"no route {rule.name}"


def action(found: Action) -> str:
    """`to 80 % v1, 20 % v3`, `redirected to https://new.example (301)`, `answered 503`."""
    if isinstance(found, Redirect):
        return _redirect(found)
    if isinstance(found, DirectResponse):
        return f"answered {found.status}"
    shares = [f"{percent(item.weight)} {_place(item)}" for item in found if item.weight]
    return f"to {', '.join(shares) or _place(found[0])}"


def _redirect(found: Redirect) -> str:
    scheme = f"{found.scheme}://" if found.scheme else ""
    port = f":{found.port}" if found.port else ""
    where = (
        f"{scheme}{found.authority or ('(the same host)' if scheme or port else '')}{port}{found.uri or ''}"
    )
    return f"redirected to {where or 'the port of the protocol'} ({found.redirect_code or 301})"


def _place(item: Destination | Mirror) -> str:
    name = item.version or item.subset or "all versions"
    port = f" port {item.port}" if item.port else ""
    if not item.host:
        return f"{name}{port}"
    host = item.host.removesuffix(".svc.cluster.local")
    return f"{host}{' ' + item.subset if item.subset else ''}{port}"


def phrase(name: str, value: Any) -> str:
    """One policy: `timeout 2s`."""
    return str(_PHRASES[name](value))


def _headers(found: Headers) -> str:
    parts = [
        f"{side} headers {_operations(made)}"
        for side, made in (("request", found.request), ("response", found.response))
        if made
    ]
    return ", ".join(parts)


def _operations(made: HeaderOperations) -> str:
    words = [f"set {name}" for name in made.set]
    words += [f"add {name}" for name in made.add]
    words += [f"remove {name}" for name in made.remove]
    return " and ".join(words)


def _rewrite(found: Rewrite) -> str:
    path = found.uri or (
        f"~{_short(found.regex.match)} as {_short(found.regex.rewrite)}" if found.regex else ""
    )
    host = f"host {found.authority}" if found.authority else ""
    return "rewritten to " + " and ".join(part for part in (_short(path), host) if part)


def _cors(found: Cors) -> str:
    origins = ", ".join(map(_compared, found.allow_origins[:MOST_MATCHES])) or "no origin"
    return f"CORS for {origins}"


def _mirrors(found: tuple[Mirror, ...]) -> str:
    return "mirrored: " + ", ".join(f"{percent(item.percentage)} to {_place(item)}" for item in found)


def _retries(found: Retries) -> str:
    if not found.attempts:
        return "no retries"
    each = f" of {found.per_try_timeout}" if found.per_try_timeout else ""
    on = f" on {', '.join(found.retry_on)}" if found.retry_on else ""
    return f"{found.attempts} {'retry' if found.attempts == 1 else 'retries'}{each}{on}"


def _injection(found: Injection) -> str:
    return fault_parts(found.delay, found.abort)


def fault_parts(delay: Delay | None, abort: Abort | None) -> str:
    """`50 % delayed by 2s, 10 % aborted with 503`."""
    parts = []
    if delay:
        parts.append(f"{percent(delay.percentage)} delayed by {delay.fixed_delay}")
    if abort:
        parts.append(f"{percent(abort.percentage)} aborted with {abort.status or 'an unknown status'}")
    return ", ".join(parts) or "an unknown fault"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


_NAMES: Final = {"cors": "CORS", "mirrors": "mirror", "headers": "header operations"} | {
    name: name for name in ("rewrite", "timeout", "retries", "fault")
}
_PHRASES: Final[Mapping[str, Any]] = {
    "headers": _headers,
    "rewrite": _rewrite,
    "cors": _cors,
    "mirrors": _mirrors,
    "timeout": lambda text: f"timeout {text}",
    "retries": _retries,
    "fault": _injection,
}
