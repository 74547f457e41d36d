"""One destination: which DestinationRule is in force for it, what its subset selects, whether it can be
reached. Pure.

Sources: https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration;
istio.io/istio, pilot/pkg/model (push_context.go, destination_rule.go: lookup and merge) and
pilot/pkg/networking/core (cluster_traffic_policy.go, util.MergeTrafficPolicy).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cluster import inventory
from cluster.refs import Manifest
from routing.explain import values
from routing.explain.answer import Destination, DestinationRule, Problem, Sent
from routing.explain.question import Caller, Host, Pod, World
from routing.istio import hosts
from routing.sentences import percent

POLICY_FIELDS: Final = (
    "loadBalancer",
    "connectionPool",
    "outlierDetection",
    "tls",
    "proxyProtocol",
    "tunnel",
)
MISSING: Final = 503
"""Envoy's status where a VirtualService sends requests to what does not exist."""
MISSING_BACKEND: Final = 500
"""The Gateway API's status for the share of such a backend."""
_BY_PORT: Final = ("loadBalancer", "connectionPool", "outlierDetection", "tls")


@dataclass(frozen=True, slots=True)
class Effective:
    """The DestinationRules in force for a host and a caller, the first of them first."""

    rules: tuple[Manifest, ...] = ()
    reason: str = ""

    def subset(self, name: str) -> tuple[Mapping[str, Any], Manifest] | None:
        """A subset by its name, and the rule that defines it; the first definition counts."""
        for rule in self.rules:
            for subset in values.mappings(rule["spec"].get("subsets")):
                if subset.get("name") == name:
                    return subset, rule
        return None

    def told(self, port: int, subset: str) -> DestinationRule | None:
        """The rule in force, with the traffic policy for a port of a subset."""
        if not self.rules:
            return None
        first, *others = map(hosts.name_of, self.rules)
        policy, sources = self._policy(port, subset)
        return DestinationRule(first, self.reason, policy, sources, tuple(others))

    def _policy(self, port: int, subset: str) -> tuple[dict[str, Any], dict[str, str]]:
        policy: dict[str, Any] = {}
        sources: dict[str, str] = {}
        general = next((rule for rule in self.rules if rule["spec"].get("trafficPolicy")), None)
        if general is not None:
            spec = values.mapping(general["spec"]["trafficPolicy"])
            _lay(policy, sources, spec, port, f"{hosts.name_of(general)} spec.trafficPolicy")
        named = self.subset(subset) if subset else None
        if named is not None:
            place = f"{hosts.name_of(named[1])} subset {subset}"
            _lay(policy, sources, values.mapping(named[0].get("trafficPolicy")), port, place)
        return policy, sources


def effective(world: World, host: Host, caller: Caller) -> Effective:
    """The DestinationRules in force: the caller's namespace is asked first, then the service's, then the
    root namespace; in the first that has one for the host, the most specific host wins.
    """
    about = [rule for rule in world.destination_rules if hosts.covers(hosts.host_of(rule), host.host)]
    if caller.namespace == hosts.ROOT_NAMESPACE:
        # A rule that the root namespace keeps to itself is no default of others, but one for this caller.
        chosen = _best([rule for rule in about if _is_private(rule, caller)])
        if chosen:
            return Effective(chosen, f"kept to the caller's namespace, for host {hosts.host_of(chosen[0])}")
    for place, words in _places(caller.namespace, host.namespace):
        here = [rule for rule in about if _counts(rule, place, caller)]
        chosen = _best(here)
        if chosen:
            return Effective(chosen, f"{words} ({place}), for host {hosts.host_of(chosen[0])}")
    return Effective()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a destination leads: the subset's labels, its pods where they are known, and what is wrong."""

    labels: Mapping[str, str]
    pods: tuple[Pod, ...] | None
    problem: Problem | None

    @property
    def versions(self) -> dict[str, int]:
        """How many pods of each version, those of no version left out."""
        counts: dict[str, int] = {}
        for pod in self.pods or ():
            version = inventory.version_of(pod.labels)[0]
            if version:
                counts[version] = counts.get(version, 0) + 1
        return dict(sorted(counts.items()))


_UNKNOWN: Final = Place({}, None, None)


@dataclass(frozen=True, slots=True)
class Target:
    """A destination as a rule means it: host in full, port and subset, and what is known of it."""

    name: str
    port: int
    subset: str
    place: Place
    effective: Effective

    def told(self, share: float, weight: int | None, sent: Sent | None) -> Destination:
        """The destination for an answer, with its share (ratio 0-1)."""
        pods = self.place.pods
        return Destination(
            host=self.name,
            port=self.port,
            subset=self.subset,
            probability=share,
            weight=weight,
            labels=self.place.labels,
            pods=None if pods is None else len(pods),
            ready_pods=None if pods is None else sum(pod.ready for pod in pods),
            versions=self.place.versions,
            problem=self.place.problem,
            rule=self.effective.told(self.port, self.subset),
            sent=sent,
        )


def reach(
    world: World, destination: Mapping[str, Any], port: int, caller: Caller, missing: int = MISSING
) -> Target:
    """Where a destination (with its host in full) leads. Without a port it is the only one of the service,
    else `port`, that of the request. `missing`: the status where there is no such destination.
    """
    name, subset = values.text(destination.get("host")), values.text(destination.get("subset"))
    number = values.whole(values.mapping(destination.get("port")).get("number"))
    host = known(world, name)
    if not number and host and len(host.ports) == 1:
        number = host.ports[0].number
    found = effective(world, host, caller) if host else Effective()
    target = Target(name, number or port, subset, _UNKNOWN, found)
    return replace(target, place=_place(world, host, target, missing))


def named(destination: Destination) -> str:
    """How a destination is called in a sentence."""
    subset = f" subset {destination.subset}" if destination.subset else ""
    return f"{destination.host}:{destination.port}{subset}"


def told_shares(targets: Iterable[Destination]) -> str:
    """Where requests go in one phrase, with the host named once where it is the same."""
    going = [each for each in targets if each.probability]
    if len(going) == 1:
        return f"it to {named(going[0])}"
    shares = [(percent(100 * each.probability), each) for each in going]
    if len({(each.host, each.port) for each in going}) > 1:
        return ", ".join(f"{share} to {named(each)}" for share, each in shares)
    parts = ", ".join(f"{share} to {each.subset or 'all versions'}" for share, each in shares)
    return f"{parts} of {going[0].host}:{going[0].port}"


def known(world: World, name: str) -> Host | None:
    """The service of a full name, or the ServiceEntry whose wildcard covers it."""
    if name in world.hosts:
        return world.hosts[name]
    covering = [each for each in world.hosts if each.startswith("*") and hosts.covers(each, name)]
    return world.hosts[max(covering, key=len)] if covering else None


def _place(world: World, host: Host | None, target: Target, missing: int) -> Place:
    if host is None:
        words = f"no Service and no ServiceEntry is called {target.name}"
        return Place({}, None, _no_cluster(words, world, missing))
    if host.port(target.port) is None:
        return Place({}, None, _no_cluster(f"{host.resource} has no port {target.port}", world, missing))
    named = target.effective.subset(target.subset) if target.subset else None
    if target.subset and named is None:
        return Place({}, None, _no_cluster(_no_subset(target), world, missing))
    selector = values.labels(named[0].get("labels")) if named else {}
    if host.pods is None:
        return Place(selector, None, None)
    pods = tuple(pod for pod in host.pods if selector.items() <= pod.labels.items())
    if any(pod.ready for pod in pods):
        return Place(selector, pods, None)
    words = "no ready pod" if pods else "no pod"
    what = f"subset {target.subset} of {target.name}" if target.subset else target.name
    return Place(selector, pods, Problem(503, "UH", f"{what} has {words}"))


def _no_cluster(words: str, world: World, missing: int) -> Problem:
    seen = "" if world.whole else ", by what you may read"
    return Problem(missing, "NC", f"{words}{seen}; requests to it are answered {missing}")


def _no_subset(target: Target) -> str:
    rules = ", ".join(map(hosts.name_of, target.effective.rules))
    if rules:
        return f"{rules} defines no subset {target.subset}"
    none = f"no DestinationRule for {target.name} is in force for this caller"
    return f"{none}, so there is no subset {target.subset}"


def _places(client: str, service: str) -> Iterable[tuple[str, str]]:
    """The namespaces to ask, in order, and what they are."""
    steps = [
        (client, "of the caller's namespace"),
        (service, "of the service's namespace"),
        (hosts.ROOT_NAMESPACE, "of the root namespace"),
    ]
    if client == hosts.ROOT_NAMESPACE:
        # What stands in the root namespace is everybody's default, also for the gateways that run there.
        steps = steps[1:]
    found: dict[str, str] = {}
    for namespace, words in steps:
        found.setdefault(namespace, words)
    return found.items()


def _counts(rule: Manifest, namespace: str, caller: Caller) -> bool:
    if hosts.namespace_of(rule) != namespace:
        return False
    selector = _selector(rule)
    if selector is not None:
        # Kept to some workloads, which are always of its own namespace.
        return namespace == caller.namespace and selector.items() <= dict(caller.labels).items()
    return hosts.visible(rule, caller.namespace)


def _is_private(rule: Manifest, caller: Caller) -> bool:
    return rule["spec"].get("exportTo") == ["."] and _counts(rule, hosts.ROOT_NAMESPACE, caller)


def _best(rules: list[Manifest]) -> tuple[Manifest, ...]:
    """Those of the most specific host, the oldest first; one for chosen workloads stands alone."""
    if not rules:
        return ()
    top = max(_rank(rule) for rule in rules)
    equals = sorted((rule for rule in rules if _rank(rule) == top), key=hosts.age)
    chosen = [rule for rule in equals if _selector(rule) is not None]
    return tuple(chosen[:1] or equals)


def _rank(rule: Manifest) -> tuple[bool, int]:
    host = hosts.host_of(rule)
    return not host.startswith("*"), len(host)


def _selector(rule: Manifest) -> dict[str, str] | None:
    selector = rule["spec"].get("workloadSelector")
    return values.labels(values.mapping(selector).get("matchLabels")) if selector else None


def _lay(
    policy: dict[str, Any], sources: dict[str, str], spec: Mapping[str, Any], port: int, where: str
) -> None:
    """Lays a policy over another. Settings for a port take the place of all four, given or not."""
    for field in POLICY_FIELDS:
        if spec.get(field) is not None:
            policy[field], sources[field] = spec[field], where
    for each in values.mappings(spec.get("portLevelSettings")):
        if values.whole(values.mapping(each.get("port")).get("number")) != port:
            continue
        for field in _BY_PORT:
            policy.pop(field, None)
            sources.pop(field, None)
            if each.get(field) is not None:
                policy[field], sources[field] = each[field], f"{where}, port {port}"
        return
