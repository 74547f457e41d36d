"""Gathers what is known of a change, for the verdict on it: what it wrote, what is in force, what was
counted.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from cluster import inventory
from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import gatewayapi, istio, live, shares, stored, verifying
from routing.blast import Traffic
from routing.istio.hosts import http_rules
from routing.istio.splits import default_rule
from routing.models import Change, ChangeState
from routing.verifying import Counted, Facts, Setting, Verification

Json = dict[str, Any]
ROUND_SECONDS: Final = 1800.0
"""A test goes on for as long as counts are kept; then the next begins."""
_RANKS: Final = ("differs", "not_yet_known", "as_intended", "not_measured")


def verify(
    change: Change,
    person: PersonCluster,
    traffic: Traffic,
    *,
    now: Callable[[], datetime] = timezone.now,
) -> Json:
    """The verification of each service of a change, and that of the one that matters most as the whole's.

    Never raises for a cluster that does not answer.
    """
    at = now().timestamp()
    found = [
        (name, _of_service(change, name, person, traffic, at)) for name in map(str, change.services) if name
    ]
    if not found:
        nothing = Verification("not_measured", "This change is about no service.")
        return {**nothing.to_json(), "service": "", "services": []}
    services = [{"service": name, **each.to_json()} for name, each in found]
    worst = min(services, key=lambda each: _RANKS.index(each["verdict"]))
    return {**worst, "services": services}


def _of_service(
    change: Change, name: str, person: PersonCluster, traffic: Traffic, at: float
) -> Verification:
    if change.state != ChangeState.APPLIED or change.finished_at is None:
        return Verification("not_measured", "This change was not applied as a whole.")
    namespace, _, service_name = name.partition("/")
    seen = live.seen(person, namespace)
    service = seen.live.service(namespace, service_name)
    if service is None:
        return Verification("not_measured", "The service is not there any more, or the cluster is not read.")
    return verifying.judge(_facts(change, service, seen, traffic, at))


def _facts(change: Change, service: inventory.Service, seen: live.Seen, traffic: Traffic, at: float) -> Facts:
    where = service.namespace, service.name
    finished = change.finished_at.timestamp() if change.finished_at else at
    elapsed = max(0.0, at - finished)
    state = seen.live
    intended = setting(shares.steered(_as_written(state.resources, change), service, state.services))
    configured = setting(shares.steered(state.resources, service, state.services))
    # The watch cache learns of a write a moment after it.
    known = configured.weights == intended.weights or elapsed >= verifying.SETTLING_SECONDS
    since, lately = moments(finished, elapsed)
    unavailable = "" if traffic.available() else "There is no current measurement of the traffic."
    return Facts(
        intended=intended,
        configured=configured if known and service.namespace not in seen.unread else None,
        counted=_counted(traffic, where, since),
        lately=None if lately is None else _counted(traffic, where, lately),
        observed={} if unavailable else traffic.shares(*where),
        requests_per_second=sum(caller.requests_per_second for caller in traffic.callers(*where)),
        seconds_since=elapsed,
        unavailable=unavailable,
    )


def moments(finished: float, elapsed: float) -> tuple[float, float | None]:
    """From when requests count for a change that was finished then, and from when they count as late ones.

    The former is the same over many looks, or the test would not hold; the latter steps on by doubling.
    """
    since = finished + verifying.SETTLING_SECONDS
    since += max(0.0, elapsed // ROUND_SECONDS - 1) * ROUND_SECONDS
    step = 2 * verifying.SETTLING_SECONDS
    if elapsed < 2 * step:
        return since, None
    while 2 * step <= elapsed / 2:
        step *= 2
    return since, max(since, finished + step)


def setting(steered: shares.Steered) -> Setting:
    """What steers a service, as the verdict needs it."""
    virtual = steered.virtual
    return Setting(
        weights=steered.weights(),
        ranges=steered.ranges(),
        fed_elsewhere=steered.fed_elsewhere(),
        routed_by=gatewayapi.named(steered.in_force) if steered.in_force else "",
        rivals=tuple(map(istio.name_of, steered.rivals)),
        gateway_only=tuple(map(istio.name_of, virtual.gateway_only)),
        retries=_retries(steered.in_force),
        affinity=_affinity(steered.destination_rules.effective),
        unacknowledged=unacknowledged(steered.in_force)
        or unacknowledged(steered.destination_rules.effective),
    )


def unacknowledged(manifest: Manifest | None) -> str:
    """What the status of a resource says of proxies that have not taken it; empty when it says nothing of it.

    Source: istio.io/api meta/v1alpha1 (IstioStatus, the condition Reconciled), which istiod writes where its
    distribution reporting is on.
    """
    status = (manifest or {}).get("status") or {}
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Reconciled" and condition.get("status") == "False":
            name = istio.name_of(manifest or {})
            return f"{name}: {str(condition.get('message') or 'it is being distributed.')[:300]}"
    return ""


def _as_written(resources: tuple[Manifest, ...], change: Change) -> list[Manifest]:
    """The resources as the change wrote them, beside the others as they are now.

    Of a change of VirtualServices the weights there are meant, also where a route of the Gateway API is in
    force in their place.
    """
    written: dict[Ref, Manifest | None] = {}
    for kept in change.operations:
        operation = stored.restore(kept)
        written[operation.ref] = operation.after
    kinds = {ref.kind for ref in written}
    hidden = gatewayapi.KINDS if VIRTUAL_SERVICE in kinds and not kinds & {HTTP_ROUTE, GRPC_ROUTE} else ()
    others = [item for item in resources if Ref.of(item) not in written and item.get("kind") not in hidden]
    # What is older decides between VirtualServices and routes.
    made = {Ref.of(item): item["metadata"].get("creationTimestamp", "") for item in resources}
    for ref, item in written.items():
        if item is not None:
            metadata = {"creationTimestamp": made.get(ref, ""), **item["metadata"]}
            others.append({**item, "metadata": metadata})
    return others


def _counted(traffic: Traffic, where: tuple[str, str], since: float) -> Counted | None:
    found = traffic.counts(*where, since)
    if found is None:
        return None
    return Counted(found.since, found.requests, found.errors, found.unproxied)


def _retries(virtual_service: Manifest | None) -> bool:
    """Whether failed requests are tried again: by default they are."""
    rule = default_rule(http_rules(virtual_service)) if virtual_service else None
    return ((rule or {}).get("retries") or {}).get("attempts") != 0


def _affinity(destination_rule: Manifest | None) -> bool:
    spec: Mapping[str, Any] = (destination_rule or {}).get("spec") or {}
    policies = [spec.get("trafficPolicy"), *(each.get("trafficPolicy") for each in spec.get("subsets") or [])]
    return any(((policy or {}).get("loadBalancer") or {}).get("consistentHash") for policy in policies)
