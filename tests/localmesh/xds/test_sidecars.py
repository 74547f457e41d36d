"""Sidecars: what of the mesh a proxy knows."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import (
    PODS,
    RATINGS,
    REVIEWS,
    cluster,
    gateway,
    mesh,
    pod,
    proxy,
    router,
    sidecar,
    to,
    virtual_service,
)  # fmt: skip

CURL = pod("curl", "127.9.1.7", namespace="shop", app="curl")


def known(of, start="productpage"):
    """The hosts that a proxy has routes for, and the services that it has clusters for."""
    config = xds.configure(of, proxy(of, start))
    (routes,) = config.routes
    hosts = {each["name"].partition(":")[0].partition(".")[0] for each in routes["virtual_hosts"]}
    clusters = {
        each["name"].split("|")[3].partition(".")[0]
        for each in config.clusters
        if each["name"].startswith("out")
    }
    return hosts - {"unknown_host"}, clusters


@pytest.mark.parametrize(
    ("hosts", "names"),
    [
        (["*/*"], {"reviews", "ratings", "productpage"}),
        (["./*"], {"reviews", "ratings", "productpage"}),
        ([f"./{REVIEWS}"], {"reviews"}),
        ([f"bookinfo/{REVIEWS}", f"*/{RATINGS}"], {"reviews", "ratings"}),
        (["bookinfo/*.bookinfo.svc.cluster.local"], {"reviews", "ratings", "productpage"}),
        (["shop/*"], set()),
        (["~/*"], set()),
    ],
)
def test_a_sidecar_limits_what_is_known(hosts, names):
    assert known(mesh(sidecar(*hosts))) == (names, names)


def test_what_is_not_known_is_an_unknown_host():
    made = mesh(sidecar(f"./{REVIEWS}"))
    (configuration,) = xds.configure(made, proxy(made)).routes
    assert configuration["virtual_hosts"][-1]["name"] == "unknown_host"
    assert cluster(made, f"outbound|9080||{RATINGS}") is None


def test_a_rule_brings_its_destinations_along():
    rule = virtual_service({"route": [to("ratings")]})
    assert known(mesh(sidecar(f"./{REVIEWS}"), rule)) == ({"reviews"}, {"reviews", "ratings"})


def test_a_rule_of_an_unknown_host_is_not_known():
    rule = virtual_service({"route": [to("ratings")]}, hosts=["x.example"])
    assert known(mesh(sidecar(f"./{REVIEWS}"), rule)) == ({"reviews"}, {"reviews"})


def test_the_most_particular_sidecar_holds():
    mine = sidecar(f"./{RATINGS}", name="mine", workloadSelector={"labels": {"app": "productpage"}})
    ours = sidecar(f"./{REVIEWS}", name="ours")
    roots = sidecar("~/*", name="root", namespace="istio-system")
    assert known(mesh(roots))[0] == set()
    assert known(mesh(roots, ours))[0] == {"reviews"}
    assert known(mesh(roots, ours, mine))[0] == {"ratings"}
    assert known(mesh(roots, ours, mine), "reviews-v1")[0] == {"reviews"}


def test_a_sidecar_is_for_its_own_namespace():
    made = mesh(sidecar("~/*"), pods=[*PODS, CURL])
    assert known(made, "curl")[0] == {"reviews", "ratings", "productpage"}


def test_gateways_know_everything():
    made = mesh(sidecar("~/*", name="root", namespace="istio-system"), gateway())
    assert len(xds.configure(made, router(made)).clusters) == 3


def test_the_inbound_side_has_limits_of_its_own():
    pool = {"tcp": {"maxConnections": 7}}
    found = cluster(mesh(sidecar(inboundConnectionPool=pool)), "inbound|9080||", start="reviews-v1")
    assert found["circuit_breakers"]["thresholds"][0]["max_connections"] == 7


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (sidecar("reviews"), "spec.egress[0].hosts[0]"),
        (sidecar("./a b"), "spec.egress[0].hosts[0]"),
        (sidecar("./*", outboundTrafficPolicy={"mode": "ALLOW_ANY"}), "spec.outboundTrafficPolicy.mode"),
        (sidecar(ingress=[{"port": {"number": 1}}]), "spec.ingress"),
        (sidecar(egress=[{"hosts": ["./*"], "port": {"number": 1}}]), "spec.egress[0].port"),
    ],
)
def test_what_is_not_acted_on_is_named(rule, path):
    assert [each.path for each in xds.report(mesh(rule), rule)] == [path]


def test_registry_only_is_what_there_is():
    rule = sidecar("./*", outboundTrafficPolicy={"mode": "REGISTRY_ONLY"})
    assert xds.report(mesh(rule), rule) == []


def test_a_second_sidecar_for_the_same_pods_is_a_conflict():
    old, young = sidecar(f"./{REVIEWS}", name="old"), sidecar("~/*", name="young")
    made = mesh(old, young)
    assert known(made)[0] == {"reviews"}
    assert [(each.path, each.conflict) for each in xds.report(made, young)] == [
        ("spec.workloadSelector", True)
    ]
