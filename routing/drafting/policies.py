"""Traffic policies of a service, drafted, and the hazards that they bring. Pure."""

from collections.abc import Sequence
from typing import Final

from cluster import inventory
from cluster.kinds import PEER_AUTHENTICATION
from cluster.refs import Manifest
from routing import diff, istio
from routing.drafting.draft import needs
from routing.drafting.steering import Steering, pods_of
from routing.problems import error, warning
from routing.rules import Clear, ClientTls, DestinationPolicy, LoadBalancer, OutlierDetection
from routing.sentences import policy_sentence

DEFAULT_EJECTION: Final = 10
"""Percent of the pods that Istio has ejected at most, unless told otherwise."""
_REFUSED: Final = {
    "STRICT": ("DISABLE", "SIMPLE", "MUTUAL"),
    "DISABLE": ("ISTIO_MUTUAL",),
}
"""The TLS modes of callers that pods do not accept, by what their PeerAuthentication says."""


def destination_policy(rule: DestinationPolicy, to: Steering) -> None:
    """Sets or clears parts of the service's traffic policy. Raises CannotApply."""
    _check_target(rule, to)
    before = to.destination_rule_to_write()
    base, subset = _with_subset(rule, before, to)
    if base is None:
        return
    changed, notices = istio.set_policy(base, rule, subset)
    if not diff.same(before, changed):
        to.draft.put(changed, f"Sets {policy_sentence(rule)}.")
        to.draft.notices(notices, changed, to.field)
    _about_ejection(rule, to)
    _about_peers(rule, to)
    _about_credential(rule, changed, to)
    _about_failover(rule, changed, subset, to)
    _about_port(rule, changed, subset, to)
    _about_callers_elsewhere(to)


def _check_target(rule: DestinationPolicy, to: Steering) -> None:
    if rule.port:
        to.require_port(rule.port)
    if rule.version and to.service.version(rule.version) is None:
        known = ", ".join(version.version for version in to.service.versions) or "none"
        message = f"Service {to.service.name} has no version {rule.version}; it has {known}."
        problem = error("UNKNOWN_VERSION", message, f"{to.field}.version", needs=pods_of(to.service))
        to.draft.problems.append(problem)


def _with_subset(rule: DestinationPolicy, before: Manifest, to: Steering) -> tuple[Manifest | None, str]:
    """The DestinationRule with a subset for the rule's version, and its name; None where nothing is to do."""
    if not rule.version:
        return before, ""
    found = istio.read_subsets(before, to.service).by_version.get(rule.version)
    if found:
        return before, found
    clears = all(isinstance(part, Clear) for part in rule.parts.values())
    if clears or to.service.version(rule.version) is None:
        return None, ""
    base = istio.ensure_subsets(before, to.service, [rule.version])
    return base, istio.read_subsets(base, to.service).by_version[rule.version]


def _concerned(rule: DestinationPolicy, to: Steering) -> Sequence[inventory.Version]:
    found = to.service.version(rule.version)
    return [found] if found else to.service.versions


def _about_ejection(rule: DestinationPolicy, to: Steering) -> None:
    detection = rule.outlier_detection
    if not isinstance(detection, OutlierDetection):
        return
    most = detection.max_ejection_percent
    at = f"{to.field}.outlier_detection.max_ejection_percent"
    if most == 100:
        message = (
            f"With 100 %, every pod of {to.service.name} can be ejected at once; then all requests fail."
        )
        to.draft.problems.append(error("ALL_CAN_BE_EJECTED", message, at))
        return
    if most is not None and most > 50:
        message = f"Up to {most} % of the pods can be ejected at once; the rest must carry all requests."
        to.draft.problems.append(warning("MANY_CAN_BE_EJECTED", message, at))
    pods = sum(version.ready_pods for version in _concerned(rule, to))
    if not rule.version:
        pods += to.service.pods_without_version
    out = max(1, pods * (DEFAULT_EJECTION if most is None else most) // 100)
    if most != 0 and to.service.pods_known and pods <= out:
        message = f"{pods} ready pod(s) stand behind this: when one is ejected, none may be left."
        to.draft.problems.append(warning("FEW_TO_EJECT", message, to.field, needs=pods_of(to.service)))


def _about_peers(rule: DestinationPolicy, to: Steering) -> None:
    """Whether the pods accept the TLS mode that their callers are to use."""
    if not isinstance(rule.tls, ClientTls):
        return
    told: set[str] = set()
    for version in _concerned(rule, to):
        if to.service.pods_known and not version.pods_with_sidecar and not version.pods_ambient:
            continue  # without a proxy nobody asks for TLS
        mode, by = istio.accepted_tls(to.draft.of(PEER_AUTHENTICATION), to.service.namespace, version.labels)
        if by is None or rule.tls.mode not in _REFUSED.get(mode, ()) or istio.name_of(by) in told:
            continue
        told.add(istio.name_of(by))
        level = warning if istio.has_port_modes(by) else error
        message = (
            f"{istio.name_of(by)} has the pods of {to.service.name} accept {mode} only; requests in mode "
            f"{rule.tls.mode} would fail (503)."
        )
        at = f"{to.field}.tls.mode"
        to.draft.problems.append(
            level("TLS_AGAINST_PEER_AUTHENTICATION", message, at, istio.name_of(by), needs([by]))
        )


def _about_credential(rule: DestinationPolicy, changed: Manifest, to: Steering) -> None:
    chosen = (changed.get("spec") or {}).get("workloadSelector")
    if isinstance(rule.tls, ClientTls) and rule.tls.credential_name and not chosen:
        message = (
            "Only gateways read a secret by credential_name; sidecars do so only for a DestinationRule with "
            "a workloadSelector, and go on without it here."
        )
        at = f"{to.field}.tls.credential_name"
        to.draft.problems.append(warning("CREDENTIAL_AT_GATEWAYS_ONLY", message, at))


def _about_failover(rule: DestinationPolicy, changed: Manifest, subset: str, to: Steering) -> None:
    balancer = rule.load_balancer
    locality = balancer.locality if isinstance(balancer, LoadBalancer) else None
    if locality is None or not (locality.failover or locality.failover_priority):
        return
    places = [istio.policy_at(changed, subset, rule.port)]
    # A subset has what the service has, a port does not.
    places += [istio.policy_at(changed)] if subset and not rule.port else []
    if not any("outlierDetection" in place for place in places):
        message = (
            "A failover by locality does nothing without outlier_detection, which finds who is unhealthy."
        )
        at = f"{to.field}.load_balancer.locality"
        to.draft.problems.append(warning("FAILOVER_WITHOUT_DETECTION", message, at))


def _about_port(rule: DestinationPolicy, changed: Manifest, subset: str, to: Steering) -> None:
    if not rule.port:
        return
    own = set(istio.policy_at(changed, subset, rule.port)) - {"port"}
    lost = sorted(set(istio.policy_at(changed, subset)) - {"portLevelSettings"} - own)
    if own and lost:
        message = (
            f"Port {rule.port} has settings of its own, so that it does not take over {', '.join(lost)} of "
            f"{istio.name_of(changed)} for all ports."
        )
        to.draft.warn("PORT_TAKES_NOTHING_OVER", message, f"{to.field}.port", changed)


def _about_callers_elsewhere(to: Steering) -> None:
    for item in to.destination_rules.elsewhere:
        message = (
            f"Callers in namespace {istio.namespace_of(item)} use {istio.name_of(item)}, which is not "
            "changed; this policy does not meet them."
        )
        to.draft.warn("POLICY_NOT_FOR_ALL", message, to.field, item)
