"""Istio's annotations: where they belong, in which phase they are, and what their values may be. Pure.

The table holds facts of istio/api annotation/annotations.yaml.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from routing import yaml_io

ANY: Final = "Any"
_KINDS: Final = {
    "p": "Pod",
    "s": "Service",
    "i": "Ingress",
    "n": "Namespace",
    "e": "ServiceEntry",
    "w": "WorkloadEntry",
    "z": "AuthorizationPolicy",
    "g": "Gateway",
    "c": "GatewayClass",
    "k": "Secret",
    "v": "VirtualService",
    "*": ANY,
}
# Each line: the kinds that it is for; A when it is alpha, D when it is deprecated; the name.
_TABLE: Final = """
p A prometheus.istio.io/merge-metrics
s AD alpha.istio.io/kubernetes-serviceaccounts
s AD alpha.istio.io/canonical-serviceaccounts
p AD alpha.istio.io/identity
s A networking.istio.io/exportTo
g,s A networking.istio.io/service-type
n,s,e A networking.istio.io/traffic-distribution
e A networking.istio.io/address-type
p D sidecar.istio.io/inject
p A sidecar.istio.io/status
p A sidecar.istio.io/rewriteAppHTTPProbers
p D sidecar.istio.io/controlPlaneAuthPolicy
p AD sidecar.istio.io/discoveryAddress
p A sidecar.istio.io/nativeSidecar
p A sidecar.istio.io/proxyImage
p A sidecar.istio.io/proxyImageType
p A sidecar.istio.io/proxyCPU
p A sidecar.istio.io/proxyCPULimit
p A sidecar.istio.io/proxyMemory
p A sidecar.istio.io/proxyMemoryLimit
p A sidecar.istio.io/interceptionMode
p A sidecar.istio.io/bootstrapOverride
p A sidecar.istio.io/statsCompression
p A sidecar.istio.io/statsEvictionInterval
p A sidecar.istio.io/statsFlushInterval
p A sidecar.istio.io/statsHistogramBuckets
p AD sidecar.istio.io/statsInclusionPrefixes
p AD sidecar.istio.io/statsInclusionSuffixes
p AD sidecar.istio.io/statsInclusionRegexps
p A sidecar.istio.io/userVolume
p A sidecar.istio.io/userVolumeMount
p A sidecar.istio.io/enableCoreDump
p A status.sidecar.istio.io/port
p A sidecar.istio.io/logLevel
p A sidecar.istio.io/componentLogLevel
p A sidecar.istio.io/agentLogLevel
p AD sidecar.istio.io/extraStatTags
p A readiness.status.sidecar.istio.io/initialDelaySeconds
p A readiness.status.sidecar.istio.io/periodSeconds
p A readiness.status.sidecar.istio.io/failureThreshold
p A readiness.status.sidecar.istio.io/applicationPorts
p A traffic.sidecar.istio.io/includeOutboundIPRanges
p A traffic.sidecar.istio.io/excludeOutboundIPRanges
p A traffic.sidecar.istio.io/includeInboundPorts
p A traffic.sidecar.istio.io/excludeInboundPorts
p A traffic.sidecar.istio.io/includeOutboundPorts
p A traffic.sidecar.istio.io/excludeOutboundPorts
p A traffic.sidecar.istio.io/excludeInterfaces
p AD traffic.sidecar.istio.io/kubevirtInterfaces
p A istio.io/reroute-virtual-interfaces
s - traffic.istio.io/nodeSelector
i - kubernetes.io/ingress.class
* A install.operator.istio.io/chart-owner
* A install.operator.istio.io/owner-generation
* A install.operator.istio.io/version
* A galley.istio.io/analyze-suppress
p - proxy.istio.io/config
p A proxy.istio.io/overrides
p A inject.istio.io/templates
z A istio.io/dry-run
p A istio.io/rev
p - ambient.istio.io/redirection
p A ambient.istio.io/bypass-inbound-capture
p A ambient.istio.io/dns-capture
g,c A ambient.istio.io/waypoint-inbound-binding
g,c A gateway.istio.io/controller-version
g A gateway.istio.io/name-override
g A gateway.istio.io/service-account
g A gateway.istio.io/tls-terminate-mode
n,k A topology.istio.io/controlPlaneClusters
n,k A topology.istio.io/network
v A internal.istio.io/route-semantics
w A istio.io/autoRegistrationGroup
w A istio.io/workloadController
w A istio.io/connectedAt
w A istio.io/disconnectedAt
"""


@dataclass(frozen=True, slots=True)
class Known:
    """One annotation: the kinds that it is for, and its phase."""

    kinds: tuple[str, ...]
    alpha: bool
    deprecated: bool


def _read() -> dict[str, Known]:
    found = {}
    for line in _TABLE.split("\n"):
        if line:
            kinds, phase, name = line.split(" ")
            found[name] = Known(tuple(_KINDS[kind] for kind in kinds.split(",")), "A" in phase, "D" in phase)
    return found


KNOWN: Final[Mapping[str, Known]] = _read()
INSTEAD: Final = {"sidecar.istio.io/inject": "the label of the same name"}
"""What to use in the place of what is deprecated."""


def is_istio(name: str) -> bool:
    """Whether an annotation is in Istio's name."""
    return name == "kubernetes.io/ingress.class" or name.split("/", maxsplit=1)[0].endswith("istio.io")


def _mode(value: str) -> str:
    return "" if value in {"REDIRECT", "TPROXY", "NONE"} else "it is not REDIRECT, TPROXY or NONE"


def _count(value: str) -> str:
    whole = re.fullmatch(r"\+?[0-9]{1,10}", value) and int(value) < 2**32
    return "" if whole and not value.startswith("+") else "it is not a whole number"


def _boolean(value: str) -> str:
    words = {"1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"}
    return "" if value in words else "it is not true or false"


def _port(value: str) -> str:
    number = value.strip()
    return "" if re.fullmatch(r"[0-9]{1,5}", number) and int(number) < 65536 else f"{number[:20]} is no port"


def _ports(value: str) -> str:
    parts = value.strip().split(",") if value.strip() else []
    return next((problem for part in parts if (problem := _port(part))), "")


def _ports_or_all(value: str) -> str:
    return "" if value == "*" else _ports(value)


def _ranges(value: str) -> str:
    for part in value.split(",") if value else ():
        try:
            ipaddress.ip_network(part, strict=False)
        except ValueError:
            return f"{part[:40]} is not a range of addresses (CIDR)"
        if "/" not in part:
            return f"{part[:40]} has no length of its prefix"
    return ""


def _ranges_or_all(value: str) -> str:
    return "" if value == "*" else _ranges(value)


def _settings(value: str) -> str:
    try:
        read = yaml_io.read(value)
    except yaml_io.YamlError:
        return "it is not YAML"
    return "" if read is None or isinstance(read, dict) else "it is not an object of settings"


VALID: Final[Mapping[str, Callable[[str], str]]] = {
    "sidecar.istio.io/interceptionMode": _mode,
    "status.sidecar.istio.io/port": _port,
    "readiness.status.sidecar.istio.io/initialDelaySeconds": _count,
    "readiness.status.sidecar.istio.io/periodSeconds": _count,
    "readiness.status.sidecar.istio.io/failureThreshold": _count,
    "traffic.sidecar.istio.io/includeOutboundIPRanges": _ranges_or_all,
    "traffic.sidecar.istio.io/excludeOutboundIPRanges": _ranges,
    "traffic.sidecar.istio.io/includeInboundPorts": _ports_or_all,
    "traffic.sidecar.istio.io/excludeInboundPorts": _ports,
    "traffic.sidecar.istio.io/excludeOutboundPorts": _ports,
    "prometheus.istio.io/merge-metrics": _boolean,
    "proxy.istio.io/config": _settings,
}
"""What is wrong with the value of an annotation, in words; empty when nothing is."""
