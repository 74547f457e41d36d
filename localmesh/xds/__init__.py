"""Istio's resources in, Envoy's configuration out: a pure function, without I/O and without a clock.

`build` reads raw objects into a `Mesh`, `configure` makes one proxy's configuration from it, `report` names
what of a resource is not acted on. Nothing here knows how resources arrive or how configuration is delivered.
"""

from localmesh.xds.config import ProxyConfig, clusters_used, configurations, configure, version
from localmesh.xds.coverage import not_programmed
from localmesh.xds.model import Credential, Mesh, Proxy, Workload
from localmesh.xds.reading import build
from localmesh.xds.reports import attached_routes, report
from localmesh.xds.routes import nothing
from localmesh.xds.values import Problem

__all__ = [
    "Credential",
    "Mesh",
    "Problem",
    "Proxy",
    "ProxyConfig",
    "Workload",
    "attached_routes",
    "build",
    "clusters_used",
    "configurations",
    "configure",
    "not_programmed",
    "nothing",
    "report",
    "version",
]
