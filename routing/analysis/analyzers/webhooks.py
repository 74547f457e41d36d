"""Webhooks of the control plane: overlaps, services and addresses; definitions that are too old. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/webhook, externalcontrolplane,
multicluster/meshnetworks.go, k8sgateway/crdversion.go.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from routing.analysis.findings import Finding, analyzer, few, finding
from routing.analysis.kinds import (
    CRD,
    MESH_NETWORKS,
    MUTATING_WEBHOOK,
    SECRET,
    SERVICE,
    VALIDATING_WEBHOOK,
)
from routing.analysis.meshes import INJECT, INJECTION, REVISION
from routing.analysis.objects import Obj, dig, mapping, objects, strings, text, texts
from routing.analysis.selectors import label_selector
from routing.analysis.world import Look
from routing.rules import quoted

REGISTRIES: Final = frozenset({"Mock", "Kubernetes", "External"})
BUNDLE_VERSION: Final = "gateway.networking.k8s.io/bundle-version"
MINIMUM: Final = {
    "grpcroutes.gateway.networking.k8s.io": (1, 1, 0),
    "backendtlspolicies.gateway.networking.k8s.io": (1, 4, 0),
    "tlsroutes.gateway.networking.k8s.io": (1, 5, 0),
}
"""The oldest definitions that Istio 1.30 reads (istio/istio pkg/config/schema/gatewayapi)."""
_VERSION: Final = re.compile(r"v?(\d{1,6})(?:\.(\d{1,6}))?(?:\.(\d{1,6}))?(?:[-+].*)?")


def _hooks(obj: Obj) -> list[tuple[int, Mapping[str, Any]]]:
    return list(objects(obj.manifest.get("webhooks")))


def _revisions(obj: Obj) -> set[str]:
    """The revisions of the control plane that a configuration of webhooks is about."""
    found = {obj.labels[REVISION]} if REVISION in obj.labels else set()
    for _, hook in _hooks(obj):
        for field in ("namespaceSelector", "objectSelector"):
            selector = mapping(hook.get(field))
            found |= {value for name, value in texts(selector.get("matchLabels")).items() if name == REVISION}
            for _, expression in objects(selector.get("matchExpressions")):
                if expression.get("key") == REVISION:
                    found |= set(strings(expression.get("values")))
    return found


def _is_istio(obj: Obj) -> bool:
    return any(text(hook.get("name")).endswith("istio.io") for _, hook in _hooks(obj)) or bool(
        _revisions(obj)
    )


def _situations(name: str, values: tuple[str, ...], revisions: list[str]) -> list[dict[str, str]]:
    """The labels that a namespace, or a pod, may have."""
    plain: list[dict[str, str]] = [{}, *({name: value} for value in values)]
    return plain + [{**labels, REVISION: revision} for revision in revisions for labels in plain]


def _matched(hook: Mapping[str, Any], revisions: list[str]) -> tuple[set[int], set[int]]:
    """For which namespaces and for which pods, of those that there may be, a webhook is called."""
    around = _situations(INJECTION, ("enabled", "disabled"), revisions)
    inside = _situations(INJECT, ("true", "false"), revisions)
    places = {n for n, labels in enumerate(around) if label_selector(hook.get("namespaceSelector"), labels)}
    return places, {
        n for n, labels in enumerate(inside) if label_selector(hook.get("objectSelector"), labels)
    }


def _meet(one: tuple[set[int], set[int]], other: tuple[set[int], set[int]]) -> bool:
    """Whether two webhooks are called for the same pod in the same namespace."""
    return not (one[0].isdisjoint(other[0]) or one[1].isdisjoint(other[1]))


def _check_injectors(look: Look, obj: Obj) -> Iterator[Finding]:
    if not _is_istio(obj):
        return
    known = [other for other in look.of(MUTATING_WEBHOOK) if _is_istio(other)]
    revisions = sorted({revision for other in known for revision in _revisions(other)})
    calls = {
        (other, text(hook.get("name"))): _matched(hook, revisions)
        for other in known
        for _, hook in _hooks(other)
    }
    for index, hook in _hooks(obj):
        mine = obj, text(hook.get("name"))
        rivals = [rival for rival, when in calls.items() if rival != mine and _meet(when, calls[mine])]
        if rivals:
            names = ", ".join(sorted(f"{other.name}/{name}" for other, name in rivals)[:10])
            message = f"The webhook {quoted(mine[1])} matches pods that {names} matches too."
            yield finding("IST0139", obj, ("webhooks", index), message, *few(other for other, _ in rivals))
        service = mapping(dig(hook, "clientConfig", "service"))
        name, namespace = text(service.get("name")), text(service.get("namespace"))
        if service and look.get(SERVICE, namespace, name) is None:
            message = (
                f"The webhook {quoted(mine[1])} calls the service {namespace}/{name}, which does not exist."
            )
            yield finding("IST0139", obj, ("webhooks", index, "clientConfig", "service"), message)


def _check_address(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if obj.key.group_kind == VALIDATING_WEBHOOK:
        ours = obj.name == "istiod-default-validator" or obj.name.startswith("istio-validator")
    else:
        ours = obj.name.startswith("istio-sidecar-injector")
    for index, hook in _hooks(obj) if ours else ():
        config = mapping(hook.get("clientConfig"))
        at = ("webhooks", index, "clientConfig", "url")
        name, url = quoted(text(hook.get("name"))), text(config.get("url"))
        if config.get("url") is None:
            if not isinstance(config.get("service"), dict):
                yield finding("IST0163", obj, at[:-1], f"The webhook {name} has neither url nor service.")
            continue
        host = _host(url)
        if not host:
            yield finding(
                "IST0163", obj, at, f"The webhook {name} has an address that is none: {quoted(url)}."
            )
        elif _is_ip(host):
            yield finding("IST0164", obj, at, f"The webhook {name} calls an IP address: {quoted(url)}.")


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _check_networks(look: Look, obj: Obj) -> Iterator[Finding]:
    remote = {
        name
        for secret in look.of(SECRET)
        if secret.labels.get("istio/multiCluster") == "true"
        for name in mapping(secret.manifest.get("data"))
    }
    for network, settings in mapping(obj.manifest.get("networks")).items():
        for index, endpoint in objects(mapping(settings).get("endpoints")):
            registry = text(endpoint.get("fromRegistry"))
            if "fromRegistry" in endpoint and registry not in REGISTRIES | remote:
                at = ("networks", network, "endpoints", index, "fromRegistry")
                message = (
                    f"The network {quoted(network)} names the registry {quoted(registry)}, which is unknown."
                )
                yield finding("IST0126", obj, at, message)


def _check_definition(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    minimum = MINIMUM.get(obj.name)
    written = obj.annotations.get(BUNDLE_VERSION, "")
    found = _VERSION.fullmatch(written)
    if minimum and found and tuple(int(part or 0) for part in found.groups()) < minimum:
        needed = ".".join(map(str, minimum))
        message = f"This definition is of version {quoted(written)}; Istio needs {needed} or newer."
        yield finding("IST0176", obj, ("metadata", "annotations", BUNDLE_VERSION), message)


ANALYZERS: Final = (
    analyzer("webhook.Analyzer", "IST0139", (MUTATING_WEBHOOK,), _check_injectors),
    analyzer(
        "externalcontrolplane.ExternalControlPlaneAnalyzer",
        "IST0163 IST0164",
        (MUTATING_WEBHOOK, VALIDATING_WEBHOOK),
        _check_address,
    ),
    analyzer("multicluster.MeshNetworksAnalyzer", "IST0126", (MESH_NETWORKS,), _check_networks),
    analyzer("k8sgateway.CRDVersionAnalyzer", "IST0176", (CRD,), _check_definition),
)
