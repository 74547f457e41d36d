"""Small worlds to ask about, and the questions, as short as a test wants to write them."""

import msgspec

from cluster import objects
from routing import explain
from tests.routing.stage import WORKLOADS

HOST = "reviews.bookinfo.svc.cluster.local"
PRODUCTPAGE = explain.Caller("bookinfo", {"app": "productpage", "version": "v1"})


def world(*manifests, base=WORKLOADS, **more):
    """Bookinfo's services and pods with these manifests."""
    everything = [*base, *manifests]

    def of(kind):
        return [each for each in everything if isinstance(each, dict) and each.get("kind") == kind]

    return explain.build(
        services=[msgspec.convert(each, objects.Service) for each in of("Service")],
        pods=[msgspec.convert(each, objects.Pod) for each in of("Pod")],
        service_entries=of("ServiceEntry"),
        virtual_services=of("VirtualService"),
        http_routes=of("HTTPRoute"),
        grpc_routes=of("GRPCRoute"),
        destination_rules=of("DestinationRule"),
        gateways=of("Gateway"),
        **more,
    )


def ask(where, host="reviews", *, caller=PRODUCTPAGE, namespace="bookinfo", headers=None, **request):
    """The explanation of one request of productpage's."""
    pairs = tuple((headers or {}).items())
    return explain.explain(where, explain.Request(host, namespace, headers=pairs, **request), caller)


def shares(found):
    """Where requests go: share by subset, or by host where there is none."""
    return {each.subset or each.host.partition(".")[0]: each.probability for each in found.destinations}


def verdicts(found):
    return [rule.verdict for rule in found.rules]


def reasons(found):
    return [rule.reason for rule in found.rules]


def to(subset="", weight=None, host="reviews", port=None):
    destination = {"host": host, **({"subset": subset} if subset else {})}
    destination |= {"port": {"number": port}} if port else {}
    return {"destination": destination, **({} if weight is None else {"weight": weight})}


def gateway(*hosts, port=80, protocol="HTTP", name="front", namespace="bookinfo", **server):
    served = {"port": {"number": port, "protocol": protocol, "name": "a"}, "hosts": list(hosts), **server}
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Gateway",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"istio": "ingressgateway"}, "servers": [served]},
    }
