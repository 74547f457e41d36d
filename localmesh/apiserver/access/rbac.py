"""Role-based access control: rules, roles, bindings, and what somebody may do by them.

Pure: manifests in, decisions out. There are no rules that deny: whatever no binding grants is refused.
Source: "Using RBAC Authorization" in the documentation of Kubernetes, and the behaviour of kube-apiserver.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from localmesh.apiserver.access.asks import Ask
from localmesh.apiserver.access.users import User, service_account_name
from localmesh.selectors import selects

Map = dict[str, Any]
API_GROUP = "rbac.authorization.k8s.io"
ALL = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """One PolicyRule: every combination of its members is allowed."""

    verbs: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Rule":
        """The rule of a manifest."""
        keys = ("verbs", "apiGroups", "resources", "resourceNames", "nonResourceURLs")
        return cls(*(tuple(told.get(key) or ()) for key in keys))

    def told(self) -> Map:
        """The rule as a manifest tells it."""
        found = {
            "verbs": self.verbs,
            "apiGroups": self.groups,
            "resources": self.resources,
            "resourceNames": self.names,
            "nonResourceURLs": self.paths,
        }
        return {key: list(values) for key, values in found.items() if values}

    def allows(self, ask: Ask) -> bool:
        """Whether the rule grants an ask, wherever it is bound."""
        if not _has(self.verbs, ask.verb):
            return False
        if ask.path:
            return any(_covers_path(each, ask.path) for each in self.paths)
        if not _has(self.groups, ask.group) or (self.names and ask.name not in self.names):
            return False
        wanted = {ALL, ask.full_resource}
        if ask.subresource:
            wanted.add(f"{ALL}/{ask.subresource}")
        return not wanted.isdisjoint(self.resources)

    def asks(self) -> Iterator[Ask]:
        """The asks that together are what the rule grants, `*` standing for itself."""
        for verb in self.verbs:
            for path in self.paths:
                yield Ask(verb, path=path)
            for group in self.groups:
                for resource, _, subresource in (each.partition("/") for each in self.resources):
                    for name in self.names or ("",):
                        yield Ask(verb, group, resource, subresource, name=name)


@dataclass(frozen=True, slots=True)
class Binding:
    """A role that is bound to subjects: in one namespace, or everywhere where `namespace` is empty."""

    name: str
    namespace: str
    role_kind: str
    role: str
    subjects: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, manifest: Map) -> "Binding":
        """The binding of a RoleBinding or ClusterRoleBinding."""
        metadata, role = manifest["metadata"], manifest.get("roleRef") or {}
        subjects = tuple(_subject(each) for each in manifest.get("subjects") or ())
        return cls(
            metadata["name"],
            metadata.get("namespace", ""),
            role.get("kind", ""),
            role.get("name", ""),
            subjects,
        )

    def __str__(self) -> str:
        if not self.namespace:
            return f'ClusterRoleBinding "{self.name}" of {self.role_kind} "{self.role}"'
        return f'RoleBinding "{self.name}/{self.namespace}" of {self.role_kind} "{self.role}"'


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed, and why; a refusal tells what was wrong with the roles, if anything."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Granted:
    """What somebody may do in a namespace, and which roles of their bindings are missing."""

    rules: tuple[Rule, ...]
    problems: tuple[str, ...]


@dataclass(slots=True)
class Policy:
    """All roles and bindings at a time. `roles` are by namespace and name, those of the cluster under ""."""

    roles: dict[tuple[str, str], tuple[Rule, ...]] = field(default_factory=dict)
    bindings: dict[tuple[str, str], list[Binding]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        roles: Iterable[Map] = (),
        cluster_roles: Iterable[Map] = (),
        role_bindings: Iterable[Map] = (),
        cluster_role_bindings: Iterable[Map] = (),
    ) -> "Policy":
        """The policy that manifests make."""
        found = cls()
        for role in roles:
            metadata = role["metadata"]
            found.roles[metadata["namespace"], metadata["name"]] = _rules(role)
        found.roles.update({("", name): rules for name, rules in _aggregated(list(cluster_roles)).items()})
        for manifest in (*cluster_role_bindings, *role_bindings):
            binding = Binding.of(manifest)
            for subject in dict.fromkeys(binding.subjects):
                found.bindings.setdefault(subject, []).append(binding)
        return found

    def decide(self, user: User, ask: Ask) -> Decision:
        """Whether a user may do something."""
        problems: list[str] = []
        for subject, binding in self._bindings(user, ask.namespace):
            rules = self._rules_of(binding)
            if rules is None:
                problems.append(_missing(binding))
            elif any(rule.allows(ask) for rule in rules):
                return Decision(allowed=True, reason=f"RBAC: allowed by {binding} to {subject}")
        told = "; ".join(dict.fromkeys(problems))
        return Decision(allowed=False, reason=f"RBAC: {told}" if told else "")

    def granted(self, user: User, namespace: str) -> Granted:
        """All that a user may do in a namespace."""
        rules: dict[Rule, None] = {}
        problems: dict[str, None] = {}
        for _, binding in self._bindings(user, namespace):
            found = self._rules_of(binding)
            if found is None:
                problems[_missing(binding)] = None
            else:
                rules.update(dict.fromkeys(found))
        return Granted(tuple(rules), tuple(problems))

    def lacking(self, user: User, rules: Iterable[Rule], namespace: str) -> list[Ask]:
        """What rules grant that a user may not do there: nobody hands out more rights than their own."""
        mine = self.granted(user, namespace).rules
        return [ask for rule in rules for ask in rule.asks() if not any(each.allows(ask) for each in mine)]

    def rules_at(self, kind: str, namespace: str, name: str) -> tuple[Rule, ...]:
        """The rules of a role that a binding in a namespace refers to; none where there is no such role."""
        return self.roles.get(("" if kind == "ClusterRole" else namespace, name), ())

    def _bindings(self, user: User, namespace: str) -> Iterator[tuple[str, Binding]]:
        for kind, name in (("User", user.name), *(("Group", group) for group in user.groups)):
            for binding in self.bindings.get((kind, name), ()):
                if binding.namespace in ("", namespace):
                    yield f'{kind} "{name}"', binding

    def _rules_of(self, binding: Binding) -> tuple[Rule, ...] | None:
        place = "" if binding.role_kind == "ClusterRole" else binding.namespace
        return self.roles.get((place, binding.role))


def _has(values: tuple[str, ...], wanted: str) -> bool:
    return ALL in values or wanted in values


def _covers_path(pattern: str, path: str) -> bool:
    """`*`, the path itself, or a beginning that ends in `*`."""
    return pattern in (ALL, path) or (pattern.endswith(ALL) and path.startswith(pattern.rstrip(ALL)))


def _subject(told: Map) -> tuple[str, str]:
    """Whom a subject means, as a user or a group: a service account is a user."""
    kind, name = told.get("kind", ""), told.get("name", "")
    if kind == "ServiceAccount":
        return "User", service_account_name(told.get("namespace", ""), name)
    return (kind, name) if told.get("apiGroup", API_GROUP) in ("", API_GROUP) else ("", "")


def _missing(binding: Binding) -> str:
    return f'{binding.role_kind.lower()}.{API_GROUP} "{binding.role}" not found'


def _rules(role: Map) -> tuple[Rule, ...]:
    return tuple(Rule.of(each) for each in role.get("rules") or ())


def _aggregated(roles: list[Map]) -> dict[str, tuple[Rule, ...]]:
    """The rules of each ClusterRole: its own, or those of the roles that its aggregationRule selects."""
    own = {role["metadata"]["name"]: _rules(role) for role in roles}
    found = dict(own)
    # Aggregates select aggregates: edit is a part of admin, and view of edit. Each round passes one step on.
    for _ in range(len(roles)):
        before = dict(found)
        for role in roles:
            selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors") or ()
            if selectors:
                parts = [each for each in roles if any(selects(one, _labels(each)) for one in selectors)]
                rules = (rule for part in parts for rule in before[part["metadata"]["name"]])
                found[role["metadata"]["name"]] = tuple(dict.fromkeys(rules))
        if found == before:
            break
    return found


def _labels(role: Map) -> dict[str, str]:
    return role["metadata"].get("labels") or {}
