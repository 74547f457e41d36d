"""Which host leads where: domains, which VirtualService speaks for a host, gateways."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import (
    REVIEWS,
    destination_rule,
    endpoint_slice,
    gateway,
    gateway_pod,
    mesh,
    outbound,
    pod,
    proxy,
    router,
    server,
    service,
    to,
    virtual_service,
)  # fmt: skip


def hosts(of, start="productpage"):
    """Domains of each virtual host in a sidecar."""
    (configuration,) = xds.configure(of, proxy(of, start)).routes
    return {each["name"]: each["domains"] for each in configuration["virtual_hosts"]}


def names(*rules, host=f"{REVIEWS}:9080", **how):
    return [each["name"] for each in outbound(mesh(*rules, **how), host)]


def rule(name, **spec):
    """A VirtualService whose only route is named after it."""
    return virtual_service(
        {"name": name, "route": [to("reviews.bookinfo.svc.cluster.local")]}, name=name, **spec
    )


def test_a_service_is_called_by_all_its_names():
    made = mesh(services=[service("reviews", clusterIP="127.240.0.7")])
    assert hosts(made)[f"{REVIEWS}:9080"] == [
        REVIEWS, f"{REVIEWS}:9080",
        "reviews.bookinfo.svc", "reviews.bookinfo.svc:9080",
        "reviews.bookinfo", "reviews.bookinfo:9080",
        "reviews", "reviews:9080",
        "127.240.0.7", "127.240.0.7:9080",
    ]  # fmt: skip


def test_its_short_name_is_for_its_own_namespace():
    made = mesh(pods=[pod("curl", "127.9.1.7", namespace="shop")])
    assert "reviews:9080" not in hosts(made, "curl")[f"{REVIEWS}:9080"]
    assert "reviews.bookinfo:9080" in hosts(made, "curl")[f"{REVIEWS}:9080"]


def test_a_name_without_a_port_means_port_80():
    ports = [{"port": 8080, "name": "http-a"}, {"port": 80, "name": "http-b"}]
    made = hosts(mesh(services=[service("reviews", *ports)]))
    assert "reviews" in made[f"{REVIEWS}:80"]
    assert "reviews" not in made[f"{REVIEWS}:8080"]


def test_a_port_that_is_no_http_is_not_in_the_outbound_proxy():
    assert f"{REVIEWS}:9080" not in hosts(
        mesh(services=[service("reviews", {"port": 9080, "name": "tcp-x"})])
    )


def test_an_unknown_host_is_told_so_with_its_name():
    made = mesh()
    (configuration,) = xds.configure(made, proxy(made)).routes
    last = configuration["virtual_hosts"][-1]
    assert last["domains"] == ["*"]
    response = last["routes"][0]["direct_response"]
    assert response["status"] == 502
    assert "%REQ(:authority)%" in response["body_format"]["text_format_source"]["inline_string"]


@pytest.mark.parametrize(
    ("spec", "applies"),
    [
        ({"hosts": ["reviews"]}, True),
        ({"hosts": ["reviews"], "namespace": "shop"}, False),
        ({"hosts": [REVIEWS], "namespace": "shop"}, True),
        ({"hosts": [REVIEWS], "namespace": "shop", "exportTo": ["."]}, False),
        ({"hosts": ["*.bookinfo.svc.cluster.local"]}, True),
        ({"hosts": ["ratings"]}, False),
        ({"gateways": ["mesh"]}, True),
        ({"gateways": ["bookinfo-gateway"]}, False),
        ({"gateways": ["bookinfo-gateway", "mesh"]}, True),
    ],
)
def test_whom_a_virtual_service_speaks_for(spec, applies):
    assert names(rule("ours", **spec)) == (["ours"] if applies else ["default"])


def test_the_most_specific_host_wins():
    wide = rule("wide", hosts=["*.svc.cluster.local"])
    wider = rule("wider", hosts=["*.local"])
    assert names(wide, wider, rule("exact")) == ["exact"]
    assert names(wider, wide) == ["wide"]


def test_of_two_for_one_host_the_older_wins_and_the_other_is_a_conflict():
    old, young = rule("old"), rule("young")
    assert names(young, old) == ["old"]
    (problem,) = xds.report(mesh(young, old), young)
    assert (problem.path, problem.conflict) == ("spec.hosts[0]", True)
    assert "bookinfo/old" in problem.reason
    assert xds.report(mesh(young, old), old) == []


def test_a_rule_of_a_gateway_is_no_conflict_with_one_of_the_mesh():
    inside, outside = rule("inside"), rule("outside", gateways=["bookinfo-gateway"])
    made = mesh(inside, outside, gateway())
    assert xds.report(made, inside) == xds.report(made, outside) == []


def test_rules_that_share_no_client_are_no_conflict():
    one = rule("one", exportTo=["."])
    other = rule("other", hosts=[REVIEWS], namespace="shop", exportTo=["."])
    assert xds.report(mesh(one, other), other) == []


def test_a_host_that_is_no_service_exists_by_its_rule():
    made = mesh(rule("ours", hosts=["reviews.example.com"]))
    assert hosts(made)["reviews.example.com"] == [
        "reviews.example.com", "reviews.example.com:80", "reviews.example.com:*",
    ]  # fmt: skip


def test_half_a_name_is_reported_with_the_whole_one():
    half = rule("half", hosts=["reviews.bookinfo"])
    (problem,) = xds.report(mesh(half), half)
    assert (problem.path, REVIEWS in problem.reason) == ("spec.hosts[0]", True)


def test_a_route_to_a_missing_subset_stays_and_is_reported():
    missing = virtual_service({"route": [to(subset="v9")]})
    (found,) = outbound(mesh(missing))
    assert found["route"]["cluster"] == f"outbound|9080|v9|{REVIEWS}"
    assert [problem.path for problem in xds.report(mesh(missing), missing)] == [
        "spec.http[0].route[0].destination.subset"
    ]
    assert xds.report(mesh(missing, destination_rule("reviews", "v9")), missing) == []


def at_gateway(*rules, **how):
    """Route names by domain, at the ingress gateway's port 8080."""
    made = mesh(*rules, **how)
    configurations = {each["name"]: each for each in xds.configure(made, router(made)).routes}
    found = configurations.get("http.8080", {"virtual_hosts": []})["virtual_hosts"]
    return {each["domains"][0]: [route.get("name") for route in each["routes"]] for each in found}


def test_a_gateway_serves_the_virtual_services_bound_to_it():
    bound = rule("bound", hosts=["*"], gateways=["bookinfo-gateway"])
    assert at_gateway(gateway(), bound, rule("inside")) == {"*": ["bound"]}


def test_a_gateway_of_another_namespace_is_named_with_it():
    made = gateway(namespace="shop")
    assert at_gateway(made, rule("bound", hosts=["*"], gateways=["shop/bookinfo-gateway"])) == {
        "*": ["bound"]
    }
    unbound = rule("unbound", hosts=["*"], gateways=["bookinfo-gateway"])
    assert at_gateway(made, unbound) == {}
    assert [each.path for each in xds.report(mesh(made, unbound), unbound)] == ["spec.gateways[0]"]


@pytest.mark.parametrize(
    ("served", "asked", "domain"),
    [
        ("*", "a.example", "a.example"),
        ("a.example", "*", "a.example"),
        ("*.example", "a.example", "a.example"),
        ("a.example", "b.example", None),
        ("bookinfo/*", "a.example", "a.example"),
        ("./*", "a.example", "a.example"),
        ("shop/*", "a.example", None),
        ("*/a.example", "a.example", "a.example"),
    ],
)
def test_only_hosts_of_a_server_are_served(served, asked, domain):
    bound = rule("bound", hosts=[asked], gateways=["bookinfo-gateway"])
    made = gateway(server(served))
    assert at_gateway(made, bound) == ({domain: ["bound"]} if domain else {})
    assert bool(xds.report(mesh(made, bound), bound)) == (domain is None)


def test_virtual_services_of_one_host_merge_at_a_gateway():
    def one(name, path):
        route = {"name": name, "match": [{"uri": {"prefix": path}}], "route": [to()]}
        return virtual_service(route, name=name, hosts=["*"], gateways=["bookinfo-gateway"])

    old, young = one("old", "/a"), one("young", "/b")
    assert at_gateway(gateway(), young, old) == {"*": ["old", "young"]}


def test_a_servers_port_is_the_services_port_where_it_has_one():
    ports = [{"port": 80, "name": "http2", "targetPort": "web"}]
    public = service(
        "istio-ingressgateway", *ports, namespace="istio-system", selector={"istio": "ingressgateway"}
    )
    made = mesh(gateway(server(port=80)), services=[public])
    (listener,) = xds.configure(made, router(made)).listeners
    assert listener["address"]["socket_address"] == {"address": "127.9.1.9", "port_value": 8080}
    assert "http.8080" in str(listener)


def test_a_router_without_a_gateway_listens_nowhere():
    made = mesh()
    assert xds.configure(made, router(made)).listeners == ()


def test_a_gateway_selects_routers_by_their_labels():
    other = gateway(selector={"istio": "egressgateway"})
    made = mesh(other)
    assert xds.configure(made, router(made)).listeners == ()
    assert [each.path for each in xds.report(made, other)] == ["spec.selector"]


def test_a_server_that_cannot_be_served_has_no_listener():
    secure = gateway({**server(port=443, protocol="HTTPS"), "tls": {"mode": "SIMPLE"}})
    odd = gateway(server(protocol="SMTP"))
    for rule, path in ((secure, "tls.credentialName"), (odd, "port.protocol")):
        made = mesh(rule)
        assert xds.configure(made, router(made)).listeners == ()
        assert [each.path for each in xds.report(made, rule)] == [f"spec.servers[0].{path}"]


def test_two_gateways_on_one_port_share_its_listener():
    made = mesh(gateway(name="one"), gateway(name="two"))
    assert len(xds.configure(made, router(made)).listeners) == 1


def test_a_gateway_reaches_the_services_of_every_namespace():
    far = service("carts", namespace="shop")
    made = mesh(
        services=[far],
        slices=[endpoint_slice("carts", "127.9.1.8", namespace="shop")],
        pods=[gateway_pod("127.9.1.9")],
    )
    found = [each["name"] for each in xds.configure(made, router(made)).clusters]
    assert found == ["outbound|9080||carts.shop.svc.cluster.local"]


def test_what_cannot_be_a_host_is_left_out_and_named():
    odd = rule("odd", hosts=["a b", "reviews"])
    assert names(odd) == ["odd"]
    assert [each.path for each in xds.report(mesh(odd), odd)] == ["spec.hosts[0]"]
    strange = gateway(server("a b", "*"))
    assert [each.path for each in xds.report(mesh(strange), strange)] == ["spec.servers[0].hosts[0]"]
