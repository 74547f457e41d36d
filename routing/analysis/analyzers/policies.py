"""Policies: workloads and namespaces that they name, selectors without effect, conditions that failed. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/authz, k8sgateway, conditions and authn.
"""

from collections.abc import Hashable, Iterable, Iterator
from typing import Final

from routing.analysis.analyzers.selected import has_target
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import (
    AUTHORIZATION_POLICY,
    DEPLOYMENT,
    GRPC_ROUTE,
    HTTP_ROUTE,
    KUBERNETES_GATEWAY,
    NAMESPACE,
    POD,
    REQUEST_AUTHENTICATION,
    SERVICE,
    SERVICE_ENTRY,
    TELEMETRY,
    WASM_PLUGIN,
)
from routing.analysis.meshes import containers, pod_in_mesh, pod_is_ambient, pod_spec
from routing.analysis.objects import Obj, items, mapping, objects, strings, text, texts
from routing.analysis.selectors import covers, pods, selector_text
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted
from routing.yaml_files import Path

GATEWAY_NAME: Final = "gateway.networking.k8s.io/gateway-name"
BLOCKED_CIDRS: Final = "BLOCKED_CIDRS_IN_JWKS_URIS"
ROUTES: Final = frozenset({"Accepted", "Programmed", "ResolvedRefs"})
FAILURES: Final = {
    SERVICE: frozenset({"WaypointBound"}),
    SERVICE_ENTRY: frozenset({"WaypointBound"}),
    AUTHORIZATION_POLICY: frozenset({"ZtunnelAccepted", "WaypointAccepted"}),
    KUBERNETES_GATEWAY: ROUTES,
    HTTP_ROUTE: ROUTES,
    GRPC_ROUTE: ROUTES,
}
"""The conditions that tell of a failure when they are False."""


def _check_authorization(look: Look, obj: Obj) -> Iterator[Finding]:
    yield from _check_workloads(look, obj)
    for index, rule in objects(obj.spec.get("rules")):
        for source_index, clause in objects(rule.get("from")):
            for field in ("namespaces", "notNamespaces"):
                written = strings(mapping(clause.get("source")).get(field))
                for name_index, name in enumerate(written):
                    if not any(_named(one.name, name) for one in look.of(NAMESPACE)):
                        at = ("spec", "rules", index, "from", source_index, "source", field, name_index)
                        yield finding("IST0101", obj, at, f"There is no namespace {quoted(name)}.")


def _check_workloads(look: Look, obj: Obj) -> Iterator[Finding]:
    selector = obj.spec.get("selector")
    whole_mesh = obj.namespace == look.mesh.root_namespace
    if has_target(obj) or (selector is None and whole_mesh):
        return
    labels = texts(mapping(selector).get("matchLabels"))
    found = pods(look, labels, None if whole_mesh else obj.namespace)
    if any(pod_in_mesh(look, pod) or pod_is_ambient(pod) for pod in found):
        return
    at: Path = ("spec", "selector", "matchLabels") if labels else ("metadata", "namespace")
    which = f" with the labels {quoted(selector_text(labels))}" if labels else ""
    place = "" if whole_mesh else f" in {quoted(obj.namespace)}"
    yield finding("IST0127", obj, at, f"No pod{which}{place} is in the mesh.")


def _named(namespace: str, pattern: str) -> bool:
    if pattern.startswith("*"):
        return namespace.endswith(pattern[1:])
    if pattern.endswith("*"):
        return namespace.startswith(pattern[:-1])
    return namespace.lower() == pattern.lower()


def _gateway_pods(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    if GATEWAY_NAME in obj.labels:
        yield obj.namespace


GATEWAY_PODS: Final = Index("gateway-pod", (POD,), _gateway_pods)
"""Pods of Gateways of the Gateway API, by namespace."""


def _check_gateway_selector(look: Look, obj: Obj) -> Iterator[Finding]:
    if has_target(obj) or not isinstance(obj.spec.get("selector"), dict):
        return
    labels = texts(mapping(obj.spec.get("selector")).get("matchLabels"))
    selected = [pod for pod in look.at(GATEWAY_PODS, obj.namespace) if covers(labels, pod.labels)]
    for name, pod in {pod.labels[GATEWAY_NAME]: pod for pod in selected}.items():
        message = f"This selects pods of the Gateway {quoted(name)}, where only targetRefs has an effect."
        yield finding("IST0166", obj, ("spec", "selector"), message, pod)


def _check_conditions(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    status = mapping(obj.manifest.get("status"))
    holders: list[tuple[Path, object]] = [(("status", "conditions"), status.get("conditions"))]
    for index, parent in objects(status.get("parents")):
        holders.append((("status", "parents", index, "conditions"), parent.get("conditions")))
    for at, conditions in holders:
        for index, condition in objects(conditions):
            name, reason = text(condition.get("type")), text(condition.get("reason"))
            short = name.removeprefix("istio.io/")
            failed = short in FAILURES[obj.key.group_kind] and condition.get("status") == "False"
            partly = short == "WaypointAccepted" and reason == "PartiallyInvalid"
            if failed or partly:
                told = text(condition.get("message"))
                message = f"{quoted(name)} says {quoted(reason)}: {told[:500]}"
                yield finding("IST0171", obj, (*at, index), message)


def _check_key_fetching(look: Look, obj: Obj) -> Iterator[Finding]:
    if obj.labels.get("app") != "istiod":
        return
    policies = look.of(REQUEST_AUTHENTICATION)
    where, spec = pod_spec(obj)
    variables = (item for _, _, one in containers(spec, "containers") for item in items(one.get("env")))
    guarded = any(
        mapping(item).get("name") == BLOCKED_CIDRS and text(mapping(item).get("value")) for item in variables
    )
    if policies and not guarded:
        names = ", ".join(policy.key.full_name for policy in policies[:5])
        more = f" and {len(policies) - 5} more" if len(policies) > 5 else ""
        message = f"{BLOCKED_CIDRS} is not set, so istiod fetches keys from any address in {names}{more}."
        yield finding("IST0175", obj, (*where, "containers"), message, *policies[:5])


ANALYZERS: Final = (
    analyzer(
        "authz.AuthorizationPoliciesAnalyzer",
        "IST0101 IST0127",
        (AUTHORIZATION_POLICY,),
        _check_authorization,
    ),
    analyzer(
        "k8sgateway.SelectorAnalyzer",
        "IST0166",
        (AUTHORIZATION_POLICY, REQUEST_AUTHENTICATION, TELEMETRY, WASM_PLUGIN),
        _check_gateway_selector,
    ),
    analyzer("conditions.ConditionAnalyzer", "IST0171", tuple(FAILURES), _check_conditions),
    analyzer("authn.BlockedCIDRsAnalyzer", "IST0175", (DEPLOYMENT,), _check_key_fetching),
)
