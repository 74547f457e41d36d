"""Access control over the roles and bindings in the store, as they are at the moment of each question."""

from localmesh.apiserver import kinds
from localmesh.apiserver.access import rbac
from localmesh.apiserver.access.asks import Ask, forbidden
from localmesh.apiserver.access.rbac import Decision, Granted, Policy, Rule
from localmesh.apiserver.access.users import MASTERS, User, service_account
from localmesh.apiserver.errors import forbidden as refused
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.records import Object
from localmesh.apiserver.requests import Target
from localmesh.apiserver.store import Store

_SOURCES = (kinds.ROLES, kinds.CLUSTER_ROLES, kinds.ROLE_BINDINGS, kinds.CLUSTER_ROLE_BINDINGS)
_ROLES = _SOURCES[:2]
_EVERYTHING = Granted(
    (Rule((rbac.ALL,), (rbac.ALL,), (rbac.ALL,)), Rule((rbac.ALL,), paths=(rbac.ALL,))), problems=()
)


class Authorizer:
    """Answers who may do what. Members of `system:masters` may do everything, whatever the roles say."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._policy = Policy()
        self._read_at: tuple[int, ...] = ()

    def decide(self, user: User, ask: Ask) -> Decision:
        """Whether a user may do something."""
        if MASTERS in user.groups:
            return Decision(allowed=True)
        return self._current().decide(user, ask)

    def check(self, user: User, ask: Ask) -> None:
        """Raises `Forbidden` where a user may not do something."""
        decision = self.decide(user, ask)
        if not decision.allowed:
            raise forbidden(user.name, ask, decision.reason)

    def granted(self, user: User, namespace: str) -> Granted:
        """All that a user may do in a namespace."""
        return _EVERYTHING if MASTERS in user.groups else self._current().granted(user, namespace)

    def check_impersonation(self, user: User, wanted: User) -> None:
        """Raises `Forbidden` unless a user may act as another, with each group, uid and extra named."""
        account = service_account(wanted.name)
        asks = [_impersonate("users", wanted.name)]
        if account:
            asks = [Ask("impersonate", resource="serviceaccounts", namespace=account[0], name=account[1])]
        asks.extend(_impersonate("groups", group) for group in wanted.groups)
        authentication = "authentication.k8s.io"
        if wanted.uid:
            asks.append(_impersonate("uids", wanted.uid, authentication))
        for key, values in wanted.extra.items():
            asks.extend(_impersonate("userextras", value, authentication, key) for value in values)
        for ask in asks:
            self.check(user, ask)

    def check_grant(self, user: User, target: Target, obj: Object) -> None:
        """Raises `Forbidden` where a role or a binding hands out rights that its writer does not have.

        Those who may `escalate` roles, or `bind` the very role, may.
        """
        resource, namespace = target.resource, target.namespace or ""
        if resource not in _SOURCES or MASTERS in user.groups:
            return
        name = obj["metadata"]["name"]
        if resource in _ROLES:
            leave = Ask("escalate", resource.group, resource.plural, namespace=namespace, name=name)
            rules = tuple(Rule.of(each) for each in obj.get("rules") or ())
        else:
            role = obj.get("roleRef") or {}
            of = kinds.CLUSTER_ROLES if role.get("kind") == "ClusterRole" else kinds.ROLES
            leave = Ask("bind", of.group, of.plural, namespace=namespace, name=role.get("name", ""))
            rules = self._current().rules_at(role.get("kind", ""), namespace, role.get("name", ""))
        if self.decide(user, leave).allowed:
            return
        lacking = self._current().lacking(user, rules, namespace)
        if lacking:
            raise _grant_refused(resource, name, user, lacking[0])

    def _current(self) -> Policy:
        at = tuple(self._store.changed(each) for each in _SOURCES)
        if at != self._read_at:
            self._policy = Policy.of(*(self._store.list(each) for each in _SOURCES))
            self._read_at = at
        return self._policy


def _impersonate(resource: str, name: str, group: str = "", subresource: str = "") -> Ask:
    return Ask("impersonate", group, resource, subresource, name=name)


def _grant_refused(resource: Resource, name: str, user: User, lacking: Ask) -> Exception:
    groups = ", ".join(f'"{group}"' for group in user.groups)
    why = (
        f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held: '
        f"{lacking}"
    )
    return refused(resource.plural, resource.group, name, why)
