"""What runs in the cluster: namespaces, services with their versions, workloads, and Istio itself. Pure.

Made of the projections of `cluster.objects`, in one pass over each list: what selects what is looked up, not
searched for, so that 10,000 services among 30,000 pods take about a second.
"""

from cluster.inventory.labels import (
    APP_LABELS,
    VERSION_LABELS,
    app_of,
    natural,
    revision_of,
    version_of,
)
from cluster.inventory.makers import workloads
from cluster.inventory.model import (
    ControlPlane,
    Endpoints,
    Found,
    Inventory,
    MeshInfo,
    Mode,
    Namespace,
    Port,
    Service,
    Version,
    Waypoint,
    Workload,
)
from cluster.inventory.pods import has_envoy, has_sidecar, image_version, is_finished, is_ready, proxy_of
from cluster.inventory.versions import protocol_of, services
from cluster.inventory.whole import ELSEWHERE, derive

__all__ = [
    "APP_LABELS",
    "ELSEWHERE",
    "VERSION_LABELS",
    "ControlPlane",
    "Endpoints",
    "Found",
    "Inventory",
    "MeshInfo",
    "Mode",
    "Namespace",
    "Port",
    "Service",
    "Version",
    "Waypoint",
    "Workload",
    "app_of",
    "derive",
    "has_envoy",
    "has_sidecar",
    "image_version",
    "is_finished",
    "is_ready",
    "natural",
    "protocol_of",
    "proxy_of",
    "revision_of",
    "services",
    "version_of",
    "workloads",
]
