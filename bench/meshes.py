"""A mesh of many services, each with its routes, policies and pods, for the analysis. Pure."""

from collections.abc import Iterator
from typing import Any, Final

Object = dict[str, Any]
VERSIONS: Final = ("v1", "v2")
_NETWORKING: Final = "networking.istio.io/v1"


def objects(services: int, namespaces: int) -> Iterator[Object]:
    """For each service a Service, a VirtualService, a DestinationRule and a pod for each of two versions."""
    for number in range(namespaces):
        labels = {"istio-injection": "enabled"}
        yield {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": _place(number), "labels": labels},
        }
    for number in range(services):
        place = _place(number % namespaces)
        yield service(number, place)
        yield virtual_service(number, place, 90)
        yield destination_rule(number, place)
        yield from (_pod(number, place, version) for version in VERSIONS)


def service(number: int, place: str) -> Object:
    """A Service with two ports."""
    name = f"service-{number:05}"
    ports = [
        {"name": "http", "port": 80, "targetPort": 8080},
        {"name": "grpc", "port": 90, "targetPort": 9090},
    ]
    return _made("v1", "Service", name, place, {"selector": {"app": name}, "ports": ports})


def virtual_service(number: int, place: str, weight: int) -> Object:
    """Routes with two matches, a weighted default and retries; of every fifth service too many of these."""
    name = f"service-{number:05}"
    matched = [
        {"match": [{"uri": {"prefix": f"/api/{each}"}}], "route": [_to(name, "v1")]} for each in ("a", "b")
    ]
    default = [{**_to(name, "v1"), "weight": weight}, {**_to(name, "v2"), "weight": 100 - weight}]
    retries = {"attempts": 2 if number % 5 else 4, "perTryTimeout": "2s"}
    http = [*matched, {"route": default, "retries": retries, "timeout": "10s"}]
    return _made(_NETWORKING, "VirtualService", name, place, {"hosts": [name], "http": http})


def destination_rule(number: int, place: str) -> Object:
    """A subset for each version, and a policy."""
    name = f"service-{number:05}"
    subsets = [{"name": version, "labels": {"version": version}} for version in VERSIONS]
    policy = {"connectionPool": {"http": {"http2MaxRequests": 100}}, "outlierDetection": {"interval": "5s"}}
    spec = {"host": name, "subsets": subsets, "trafficPolicy": policy}
    return _made(_NETWORKING, "DestinationRule", name, place, spec)


def _place(number: int) -> str:
    return f"team-{number:03}"


def _pod(number: int, place: str, version: str) -> Object:
    name = f"service-{number:05}"
    spec = {"containers": [{"name": "app", "image": "app:1"}, {"name": "istio-proxy", "image": "proxyv2:1"}]}
    found = _made("v1", "Pod", f"{name}-{version}", place, spec)
    found["metadata"]["labels"] = {"app": name, "version": version}
    return found


def _to(host: str, subset: str) -> Object:
    return {"destination": {"host": host, "subset": subset, "port": {"number": 80}}}


def _made(api: str, kind: str, name: str, place: str, spec: Object) -> Object:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": place}, "spec": spec}
