"""Some policies on a route of a service, or on all of them; everything else there stays. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.rules.http import policies
from routing.rules.http.routes import read_policies
from routing.rules.http.targets import read_target, told, write_target
from routing.rules.reader import Reader, listed
from routing.rules.word import Word

NAMES: Final = tuple(name for name in policies.NAMES if name != "fault")
"""The policies that can be set so; faults are a kind of rule of their own."""


@dataclass(frozen=True, slots=True)
class HttpPolicy:
    """Policies by name on the route `name` (see `targets`); None takes one away, what is not named stays."""

    namespace: str
    service: str
    name: str
    changes: Mapping[str, Any]


def _read(reader: Reader, value: Mapping[str, object], at: str) -> HttpPolicy:
    known = ("kind", "namespace", "service", "name", "default", "all", *NAMES)
    fields = reader.members(value, at, known) or {}
    namespace, service = reader.target(fields, at)
    name = read_target(reader, fields, at, may_be_all=True)
    given = [policy for policy in NAMES if policy in fields]
    if not given:
        reader.error(
            at, f"This changes nothing; name at least one of {listed(NAMES)}, or null to take it away."
        )
    set_to = read_policies(reader, {policy: fields[policy] for policy in given}, at, namespace, service)
    return HttpPolicy(namespace, service, name, {policy: set_to.get(policy) for policy in given})


def _write(rule: HttpPolicy) -> dict[str, Any]:
    fields = policies.fields(rule.namespace, rule.service)
    changes = {name: None if v is None else fields[name].write(v) for name, v in rule.changes.items()}
    return {"namespace": rule.namespace, "service": rule.service, **write_target(rule.name), **changes}


def _sets(rule: HttpPolicy) -> str:
    return f"the policies on {told(rule.name)} of {rule.namespace}/{rule.service}"


HTTP_POLICY: Final = Word("http_policy", HttpPolicy, _read, _write, _sets)
