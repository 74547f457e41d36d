"""Gateways of the Gateway API: which routes attach to which listener, and what they say when none does."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import (
    INGRESS,
    backend,
    edge,
    gateway_api,
    http_route,
    k8s_gateway,
    listener,
    mesh,
    router,
    service,
)

SERVICES = [INGRESS, service("reviews"), service("ratings"), service("cart", namespace="shop")]


def at_edge(*rules, name="route", parents=None, **spec):
    rules = rules or ({"backendRefs": [backend()]},)
    return http_route(*rules, name=name, parents=parents or [edge()], **spec)


def hosts(*objects):
    """The hosts that the router serves, by route configuration, and the routes of each."""
    made = mesh(*objects, services=SERVICES)
    return {
        each["name"]: {
            host["name"]: [route["name"] for route in host["routes"]] for host in each["virtual_hosts"]
        }
        for each in xds.configure(made, router(made)).routes
    }


def problems(obj, *others):
    return [(each.path, each.code) for each in xds.report(mesh(obj, *others, services=SERVICES), obj)]


def test_a_route_attaches_to_the_running_gateway_that_the_address_names():
    # The Service sends port 80 to 8080 of the pod.
    assert hosts(k8s_gateway(), at_edge()) == {"http.8080": {"*": ["bookinfo.route.0"]}}
    assert problems(k8s_gateway()) == problems(at_edge(), k8s_gateway()) == []


@pytest.mark.parametrize(
    ("gateway", "problem"),
    [
        (k8s_gateway(addresses=[]), ("spec.addresses", "AddressNotAssigned")),
        (
            k8s_gateway(addresses=[{"type": "Hostname", "value": "x.example"}]),
            ("spec.addresses[0]", "AddressNotUsable"),
        ),
        (
            k8s_gateway(addresses=[{"type": "IPAddress", "value": "1.2.3.4"}]),
            ("spec.addresses[0]", "AddressNotUsable"),
        ),
        (k8s_gateway(gatewayClassName="nginx"), ("spec.gatewayClassName", "")),
        (k8s_gateway(listener(protocol="TCP")), ("spec.listeners[0].protocol", "UnsupportedProtocol")),
    ],
)
def test_a_gateway_that_cannot_be_served_says_why(gateway, problem):
    assert problems(gateway) == [problem]
    assert hosts(gateway, at_edge()) == {}


def test_hosts_of_route_and_listener_have_to_meet():
    gateway = k8s_gateway(listener(hostname="*.example"), listener("all", 81))
    found = hosts(gateway, at_edge(hostnames=["a.example", "b.test"], parents=[edge(sectionName="web")]))
    assert list(found["http.8080"]) == ["a.example"]
    away = at_edge(hostnames=["b.test"], parents=[edge(sectionName="web")])
    assert problems(away, gateway) == [("spec.parentRefs[0]", "NoMatchingListenerHostname")]
    assert hosts(gateway, at_edge(hostnames=["b.test"])).keys() == {"http.81", "http.8080"}


@pytest.mark.parametrize(
    ("allowed", "attaches"),
    [
        ({}, False),
        ({"namespaces": {"from": "Same"}}, False),
        ({"namespaces": {"from": "All"}}, True),
        ({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "sales"}}}}, True),
        ({"namespaces": {"from": "Selector", "selector": {"matchLabels": {"team": "books"}}}}, False),
        (
            {
                "namespaces": {
                    "from": "Selector",
                    "selector": {
                        "matchExpressions": [{"key": "team", "operator": "In", "values": ["sales"]}]
                    },
                }
            },
            True,
        ),
        ({"namespaces": {"from": "All"}, "kinds": [{"kind": "GRPCRoute"}]}, False),
    ],
)
def test_which_routes_a_listener_allows(allowed, attaches):
    gateway = k8s_gateway(listener(allowedRoutes=allowed))
    route = at_edge(
        {"backendRefs": [backend("cart")]}, namespace="shop", parents=[edge(namespace="bookinfo")]
    )
    assert bool(hosts(gateway, route)["http.8080"]) == attaches
    assert problems(route, gateway) == ([] if attaches else [("spec.parentRefs[0]", "NotAllowedByListeners")])


def test_a_listener_that_is_not_there():
    parents = [edge(sectionName="nothing")]
    assert problems(at_edge(parents=parents), k8s_gateway()) == [("spec.parentRefs[0]", "NoMatchingParent")]


def test_routes_of_one_host_stand_in_the_order_of_the_gateway_api():
    short = at_edge({"matches": [{"path": {"value": "/a"}}], "backendRefs": [backend()]}, name="short")
    long = at_edge({"matches": [{"path": {"value": "/a/b"}}], "backendRefs": [backend()]}, name="long")
    assert hosts(k8s_gateway(), short, long)["http.8080"]["*"] == ["bookinfo.long.0", "bookinfo.short.0"]


def grant(*to, source="bookinfo"):
    spec = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": source}],
        "to": list(to),
    }
    return gateway_api("ReferenceGrant", "grant", spec, namespace="shop")


@pytest.mark.parametrize(
    ("grants", "permitted"),
    [
        ([], False),
        ([grant({"group": "", "kind": "Service"})], True),
        ([grant({"group": "", "kind": "Service", "name": "cart"})], True),
        ([grant({"group": "", "kind": "Service", "name": "other"})], False),
        ([grant({"group": "", "kind": "Secret"})], False),
        ([grant({"group": "", "kind": "Service"}, source="elsewhere")], False),
    ],
)
def test_a_gateways_backend_elsewhere_needs_a_grant(grants, permitted):
    route = at_edge({"backendRefs": [backend("cart", namespace="shop")]})
    made = mesh(k8s_gateway(), route, *grants, services=SERVICES)
    (configuration,) = xds.configure(made, router(made)).routes
    cluster = configuration["virtual_hosts"][0]["routes"][0]["route"]["cluster"]
    assert cluster == ("outbound|9080||cart.shop.svc.cluster.local" if permitted else "UnknownService")
    expected = [] if permitted else [("spec.rules[0].backendRefs[0]", "RefNotPermitted")]
    assert problems(route, k8s_gateway(), *grants) == expected
