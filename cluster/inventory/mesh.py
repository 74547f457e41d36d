"""Istio in the cluster: its control planes, its proxies and its gateways, as their objects show them.

Source: https://istio.io/latest/docs/setup/upgrade/canary/ (the labels `app=istiod` and `istio.io/rev`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from cluster import objects
from cluster.inventory.labels import natural
from cluster.inventory.model import ControlPlane, MeshInfo, Workload
from cluster.inventory.pods import REVISION, Seen, image_version, proxy_image

_APP = "istiod"
_DEFAULT = "default"


def mesh(
    deployments: Iterable[objects.Workload], pods: Iterable[Seen], workloads: Sequence[Workload]
) -> MeshInfo:
    """What can be told of Istio. A control plane is a Deployment whose pods are labelled as istiod."""
    proxies: Counter[str] = Counter()
    ztunnels: Counter[str] = Counter()
    for pod in pods:
        if pod.proxy:
            version = image_version(proxy_image(pod.pod))
            (ztunnels if pod.proxy == "ztunnel" else proxies)[version] += 1
    istiods = {
        (item.metadata.namespace, item.metadata.name): item
        for item in deployments
        if item.spec.template.metadata.labels.get("app") == _APP
    }
    planes = [
        _control_plane(istiods[each.namespace, each.name], each)
        for each in workloads
        if each.kind == "Deployment" and (each.namespace, each.name) in istiods
    ]
    return MeshInfo(
        control_planes=tuple(sorted(planes, key=lambda plane: (plane.namespace, natural(plane.revision)))),
        proxies=_newest_first(proxies),
        ztunnels=_newest_first(ztunnels),
        gateways=tuple(each for each in workloads if each.proxy == "gateway"),
    )


def _control_plane(item: objects.Workload, workload: Workload) -> ControlPlane:
    labels = item.spec.template.metadata.labels
    images = (container.image or "" for container in item.spec.template.spec.containers)
    return ControlPlane(
        namespace=item.metadata.namespace,
        name=item.metadata.name,
        revision=labels.get(REVISION) or _DEFAULT,
        version=next(filter(None, map(image_version, images)), ""),
        wanted=workload.wanted,
        ready_pods=workload.ready_pods,
    )


def _newest_first(counted: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(counted.items(), key=lambda pair: natural(pair[0]), reverse=True))
