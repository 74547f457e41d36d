"""Sidecars, ServiceEntries and Gateways, drafted, and whom they touch besides. Pure."""

from collections.abc import Callable

from cluster.kinds import GATEWAY, SERVICE_ENTRY, SIDECAR, VIRTUAL_SERVICE
from cluster.refs import Manifest
from routing import diff, istio
from routing.drafting.draft import Draft, needs
from routing.problems import Problem, error, warning
from routing.rules import Gateway, Resource, ServiceEntry, Sidecar


def sidecar(rule: Sidecar, draft: Draft, field: str) -> None:
    """Sets what proxies reach."""
    live, after = _put(rule, draft)
    was = istio.read_resource(Sidecar, live) if live else None
    mine = rule.spec.workload_labels
    for other in draft.of(SIDECAR):
        theirs = istio.read_resource(Sidecar, other)
        elsewhere = theirs.namespace != rule.namespace
        if elsewhere or theirs.name == rule.name or theirs.spec.workload_labels != mine:
            continue
        # Where they were two for the same workloads before, this one is not to blame.
        level = warning if was and was.spec.workload_labels == mine else error
        draft.problems.append(_twins(level, other, after, field, chosen=bool(mine)))
    if rule.spec.egress and (was is None or was.spec != rule.spec):
        draft.problems.append(warning("REACHES_ONLY", _reaches(rule), f"{field}.egress"))


def service_entry(rule: ServiceEntry, draft: Draft, field: str) -> None:
    """Makes hosts known to the mesh."""
    _put(rule, draft)
    hosts = set(rule.spec.hosts or ())
    for other in draft.of(SERVICE_ENTRY):
        theirs = istio.read_resource(ServiceEntry, other)
        shared = hosts.intersection(theirs.spec.hosts or ())
        if shared and theirs.ref != rule.ref:
            names = ", ".join(sorted(shared))
            message = f"{istio.name_of(other)} is for {names} as well; their endpoints add up."
            draft.warn("SAME_HOST", message, f"{field}.hosts", other)
    opaque = [port for port in rule.spec.ports or () if port.protocol == "TCP"]
    if opaque and not rule.spec.addresses:
        message = (
            f"Port {opaque[0].number} is TCP: without addresses, connections to these hosts are told from "
            "others by their port alone, unless the mesh answers DNS itself."
        )
        draft.problems.append(warning("IST0134", message, f"{field}.addresses"))


def gateway(rule: Gateway, draft: Draft, field: str) -> None:
    """Sets what a gateway serves."""
    live, _ = _put(rule, draft)
    before = istio.served_hosts(istio.read_resource(Gateway, live)) if live else set()
    now = istio.served_hosts(rule)
    for other in draft.of(GATEWAY):
        theirs = istio.read_resource(Gateway, other)
        shared = now & istio.served_hosts(theirs)
        if shared and theirs.ref != rule.ref and theirs.spec.selector == rule.spec.selector:
            level = warning if shared <= before else error
            draft.problems.append(_overlap(level, shared, other, field))
    for route in draft.of(VIRTUAL_SERVICE):
        bound = (rule.namespace, rule.name) in istio.gateways_of(route)
        hosts = istio.hosts_of(route) if bound else []
        lost = [host for host in hosts if istio.serves(before, host) and not istio.serves(now, host)]
        if lost:
            message = f"{istio.name_of(route)} routes {', '.join(lost)}, which is then served here no more."
            draft.warn("HOST_NOT_SERVED", message, f"{field}.servers", route)


def _put(rule: Resource, draft: Draft) -> tuple[Manifest | None, Manifest]:
    """The resource before and after; the draft has the latter."""
    live = draft.get(rule.ref)
    draft.sources.add((rule.of, rule.namespace))
    after = istio.set_resource(live, rule)
    if live is None or not diff.same(live, after):
        draft.put(after, f"{'Changes' if live else 'Creates'} {rule.ref}.")
    return live, after


def _reaches(rule: Sidecar) -> str:
    whose = "These workloads" if rule.spec.workload_labels else f"Workloads of namespace {rule.namespace}"
    hosts = ", ".join(host for egress in rule.spec.egress or () for host in egress.hosts or ())
    refused = rule.spec.outbound_traffic_policy == "REGISTRY_ONLY"
    rest = "refused" if refused else "sent on without any rule, where the mesh allows it"
    return f"{whose} then know {hosts} only; requests to anything else are {rest}."


def _twins(
    level: Callable[..., Problem], other: Manifest, after: Manifest, field: str, *, chosen: bool
) -> Problem:
    message = (
        f"{istio.name_of(other)} is for the same workloads; which of the two is in force is undefined. "
        "Change that one, or delete it."
    )
    # The codes of `istioctl analyze`: with a workload selector, and without.
    if chosen:
        return level("IST0110", message, f"{field}.workload_labels", None, needs([after, other]))
    return level("IST0111", message, field, None, needs([after, other]))


def _overlap(
    level: Callable[..., Problem], shared: set[tuple[int, str]], other: Manifest, field: str
) -> Problem:
    names = ", ".join(f"{host} on port {port}" for port, host in sorted(shared))
    message = (
        f"{istio.name_of(other)} serves {names} on the same pods as well; which of the two is in force is "
        "undefined."
    )
    return level("GATEWAYS_OVERLAP", message, f"{field}.servers", istio.name_of(other), needs([other]))
