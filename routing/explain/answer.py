"""The answer: what becomes of one request, and why it is not another rule's. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, TypeAlias

from routing.explain.question import Caller, Request

Json: TypeAlias = dict[str, Any]
Verdict: TypeAlias = Literal["taken", "not_matched", "not_reached", "unusable"]
Outcome: TypeAlias = Literal["forwarded", "redirected", "answered", "no_route", "unknown_host", "no_listener"]


@dataclass(frozen=True, slots=True)
class Match:
    """One entry of a rule's `match`: whether it holds, and if not, the first condition that failed."""

    path: str
    holds: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a VirtualService, in the order in which they are asked.

    `path`: where it stands in `resource`. `via`: the rule that delegates to it, or empty.
    """

    number: int
    resource: str
    path: str
    name: str
    verdict: Verdict
    reason: str
    matches: tuple[Match, ...] = ()
    via: str = ""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why requests to a destination fail before they reach a pod: the status, and Envoy's flag for it."""

    status: int
    flag: str
    message: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The request as the destination gets it: the path with its query, the authority, and the headers of the
    question with those that the rule sets, adds or removes.
    """

    path: str
    authority: str
    headers: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class DestinationRule:
    """The DestinationRule in force for a destination. `policy`: the effective traffic policy, by its fields;
    `sources`: where each of those fields comes from. `merged`: others whose parts count as well.
    """

    resource: str
    reason: str
    policy: Mapping[str, Any]
    sources: Mapping[str, str]
    merged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Destination:
    """Where requests go: `probability` (ratio 0-1) is its share of the requests that are sent on.

    `labels`: what the subset selects by. `pods`, `ready_pods`: how many stand there, None where that is not
    known; `versions`: pods by version.
    """

    host: str
    port: int
    subset: str
    probability: float
    weight: int | None
    labels: Mapping[str, str]
    pods: int | None
    ready_pods: int | None
    versions: Mapping[str, int]
    problem: Problem | None
    rule: DestinationRule | None
    sent: Sent | None


@dataclass(frozen=True, slots=True)
class Mirror:
    """A copy of the requests, whose answer nobody gets; `probability` as a ratio 0-1."""

    host: str
    port: int
    subset: str
    probability: float
    problem: Problem | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What a rule does to requests on purpose, with probabilities (ratio 0-1).

    The delay is in seconds. An abort comes after the delay, if both hit.
    """

    delay_probability: float = 0.0
    delay_seconds: float = 0.0
    abort_probability: float = 0.0
    abort_status: int = 0
    abort_grpc_status: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that comes from a proxy itself, with its probability (ratio 0-1) among all requests.

    `flag`: Envoy's response flag (NR, NC, UH, FI), or empty.
    """

    status: int
    flag: str
    probability: float
    message: str
    location: str = ""


@dataclass(frozen=True, slots=True)
class Policies:
    """What the rule taken says besides the destination; empty values where it says nothing.

    `timeout_seconds`: 0 for none. `retries`: as in force, Istio's defaults included.
    """

    timeout_seconds: float = 0.0
    retries: Mapping[str, Any] | None = None
    fault: Fault | None = None
    mirrors: tuple[Mirror, ...] = ()
    rewrite: Mapping[str, Any] | None = None
    headers: Mapping[str, Any] | None = None
    cors: Mapping[str, Any] | None = None
    redirect: Mapping[str, Any] | None = None
    direct_response: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """A VirtualService that names the host too and is not in force, and why."""

    resource: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of one request.

    `host` and `port`: in full, and as chosen. `resource`: the VirtualService in force, or empty. `answers`:
    those of the proxies themselves; whatever probability is left is the destinations' own answer. `whole`:
    False where the asker may not read everything that could matter.
    """

    request: Request
    caller: Caller
    host: str
    port: int
    protocol: str
    outcome: Outcome
    sentence: str
    resource: str
    resource_reason: str
    rivals: tuple[Rival, ...] = ()
    rules: tuple[Rule, ...] = ()
    destinations: tuple[Destination, ...] = ()
    answers: tuple[Answer, ...] = ()
    policies: Policies = Policies()
    notes: tuple[str, ...] = ()
    whole: bool = True

    @property
    def taken(self) -> Rule | None:
        """The rule that the request takes, or None."""
        return next((rule for rule in self.rules if rule.verdict == "taken"), None)

    def to_json(self) -> Json:
        """The answer as the REST API gives it."""
        found: Json = _json(self)
        return found


def _json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: _json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): _json(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_json(each) for each in value]
    # Shares are products of ratios: what is beyond the ninth digit is the computer's, not the mesh's.
    return round(value, 9) if isinstance(value, float) else value
