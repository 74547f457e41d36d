"""Injection of sidecars: labels of namespaces, pods without a proxy or with another image of it. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/injection.
"""

import json
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing import yaml_io
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import CONFIG_MAP, DEPLOYMENT, MUTATING_WEBHOOK, NAMESPACE, POD, PROXY_CONFIG
from routing.analysis.meshes import (
    DATAPLANE,
    INJECT,
    INJECTION,
    PROXY,
    REVISION,
    SYSTEM_NAMESPACES,
    containers,
    pod_spec,
    proxy_image,
)
from routing.analysis.objects import Obj, dig, mapping, objects, text, texts
from routing.analysis.selectors import PODS_IN, covers, label_selector
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted
from routing.yaml_files import Path

INJECTOR: Final = "istio-sidecar-injector"
PROXY_IMAGE: Final = "sidecar.istio.io/proxyImage"
PROXY_SETTINGS: Final = "proxy.istio.io/config"


def _name(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (obj.name,)


CONFIG_MAPS: Final = Index("config-map", (CONFIG_MAP,), _name)
"""ConfigMaps by name, in whatever namespace."""


def _injector_values(look: Look, revision: str) -> Mapping[str, Any] | None:
    """What sidecars are injected with, for a revision of the control plane; None when it is not known."""
    name = INJECTOR if revision in {"", "default"} else f"{INJECTOR}-{revision}"
    found = look.at(CONFIG_MAPS, name)
    if not found:
        return None
    try:
        return mapping(json.loads(text(dig(found[0].manifest, "data", "values"))))
    except (ValueError, RecursionError):
        return {}


def _injecting(namespace: Obj) -> bool:
    """Whether the pods of a namespace get sidecars by its labels."""
    if REVISION in namespace.labels:
        return not namespace.labels.get(INJECTION)
    return namespace.labels.get(INJECTION) == "enabled"


def _check_namespace(look: Look, obj: Obj) -> Iterator[Finding]:
    if obj.name == look.mesh.root_namespace or obj.name in SYSTEM_NAMESPACES:
        return
    said = obj.labels.get(INJECTION)
    ways = [name for name in (REVISION, DATAPLANE) if name in obj.labels] if said in {None, "enabled"} else []
    if said is not None:
        ways.insert(0, INJECTION)
    if len(ways) > 1:
        shown = ", ".join(f"{name}={obj.labels[name]}" for name in ways)
        yield finding("IST0123", obj, ("metadata", "labels"), f"These labels contradict each other: {shown}.")
    if obj.labels.get(DATAPLANE) == "ambient" or said or REVISION in obj.labels:
        return
    values = _injector_values(look, "")
    if dig(values, "sidecarInjectorWebhook", "enableNamespacesByDefault") is True:
        yield finding(
            "IST0148", obj, ("metadata", "name"), "Its pods get sidecars, as Istio is installed here."
        )
    else:
        message = f"Its pods get no sidecars. To change this, label it {INJECTION}=enabled."
        yield finding("IST0102", obj, ("metadata", "name"), message)


def _check_pod(look: Look, obj: Obj) -> Iterator[Finding]:
    namespace = look.get(NAMESPACE, "", obj.namespace)
    if namespace is None or not _injecting(namespace) or namespace.labels.get(DATAPLANE) == "ambient":
        return
    if obj.namespace == look.mesh.root_namespace or obj.namespace in SYSTEM_NAMESPACES:
        return
    asked = obj.labels.get(INJECT, obj.annotations.get(INJECT, ""))
    if asked.lower() != "false" and obj.spec.get("hostNetwork") is not True and not proxy_image(obj.spec):
        message = f"It has no proxy, though {quoted(obj.namespace)} injects one."
        yield finding("IST0103", obj, ("spec", "containers"), message, namespace)


def _check_images(look: Look, obj: Obj) -> Iterator[Finding]:
    revision = obj.labels.get(REVISION)
    if obj.labels.get(INJECTION) != "enabled" and revision is None:
        return
    values = mapping(_injector_values(look, revision or ""))
    wanted = _injected_image(mapping(values.get("global")))
    if not wanted:
        return
    others = [pod for pod in look.at(PODS_IN, obj.name) if _other_image(look, pod, wanted)]
    if others:
        names = ", ".join(pod.name for pod in others[:10]) + (" …" if len(others) > 10 else "")
        message = f"{len(others)} pods run another proxy than {quoted(wanted)}: {names}."
        yield finding("IST0158", obj, ("metadata", "name"), message, *others[:10])


def _injected_image(settings: Mapping[str, Any]) -> str:
    image = text(dig(settings, "proxy", "image"))
    if "/" in image or not image:
        return image
    return f"{text(settings.get('hub'))}/{image}:{settings.get('tag')}"


def _other_image(look: Look, pod: Obj, wanted: str) -> bool:
    if pod.annotations.get(PROXY_IMAGE) or not pod.given:
        return False
    images = [text(one.get("image")) for _, _, one in containers(pod.spec) if one.get("name") == PROXY]
    accepted = {wanted, f"{wanted}-{_variant(look, pod)}"} if images else set()
    return any(image not in accepted for image in images)


def _by_namespace(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (obj.namespace,)


PROXY_CONFIGS: Final = Index("proxy-config", (PROXY_CONFIG,), _by_namespace)
"""ProxyConfigs by namespace."""


def _variant(look: Look, pod: Obj) -> str:
    """The kind of image (`distroless`) that a pod's proxy is asked to be; empty for the usual one."""
    found = [dig(look.mesh.config, "defaultConfig", "image", "imageType")]
    found += [dig(one.spec, "image", "imageType") for one in look.at(PROXY_CONFIGS, look.mesh.root_namespace)]
    own = look.at(PROXY_CONFIGS, pod.namespace)
    for chosen in (False, True):
        for one in own:
            selector = one.spec.get("selector")
            labels = texts(mapping(selector).get("matchLabels"))
            if (selector is not None) == chosen and covers(labels, pod.labels):
                found.append(dig(one.spec, "image", "imageType"))
    if written := pod.annotations.get(PROXY_SETTINGS):
        try:
            found.append(dig(yaml_io.read(written), "image", "imageType"))
        except yaml_io.YamlError:
            found.append("")
    said = [text(one) for one in found if text(one)]
    return said[-1] if said and said[-1] != "default" else ""


def _webhooks(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    if any(text(hook.get("name")).endswith("istio.io") for _, hook in objects(obj.manifest.get("webhooks"))):
        yield "istio"


INJECTORS: Final = Index("injector", (MUTATING_WEBHOOK,), _webhooks)
"""The configurations with an injection webhook of Istio's."""


def _check_auto_image(look: Look, obj: Obj) -> Iterator[Finding]:
    where, spec = pod_spec(obj)
    auto = next(
        (index for _, index, one in containers(spec, "containers") if _is_auto(one)),
        None,
    )
    if auto is None:
        return
    at: Path = (*where, "containers", auto, "image")
    if obj.key.group_kind == POD:
        message = "The image auto was not replaced: the pod was not injected."
        yield finding("IST0147", obj, at, message)
    elif not _injected(look, obj):
        message = "The image auto will not be replaced: no injection webhook matches these pods."
        yield finding("IST0146", obj, at, message)


def _is_auto(container: Mapping[str, Any]) -> bool:
    return container.get("name") == PROXY and container.get("image") == "auto"


def _injected(look: Look, deployment: Obj) -> bool:
    namespace = look.get(NAMESPACE, "", deployment.namespace)
    around = namespace.labels if namespace else {}
    labels = texts(dig(deployment.spec, "template", "metadata", "labels"))
    return any(
        label_selector(hook.get("namespaceSelector"), around)
        and label_selector(hook.get("objectSelector"), labels)
        for configuration in look.at(INJECTORS, "istio")
        for _, hook in objects(configuration.manifest.get("webhooks"))
        if text(hook.get("name")).endswith("istio.io")
    )


ANALYZERS: Final = (
    analyzer("injection.Analyzer", "IST0102 IST0123 IST0148", (NAMESPACE,), _check_namespace),
    analyzer("injection.Analyzer", "IST0103", (POD,), _check_pod),
    analyzer("injection.ImageAnalyzer", "IST0158", (NAMESPACE,), _check_images),
    analyzer("injection.ImageAutoAnalyzer", "IST0146 IST0147", (POD, DEPLOYMENT), _check_auto_image),
)
