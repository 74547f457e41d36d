"""Situations that Istio's own analysis decides in a way that one could miss, with objects of ours."""

from collections import Counter

import pytest

from tests.routing.analysis.build import (
    findings,
    gateway,
    make,
    pod,
    route,
    service,
    told,
    virtual_service,
)
from tests.routing.analysis.samples import (
    ENABLED,
    IMAGES,
    PROXY,
    entry,
    envoy_filter,
    ingress,
    injector,
    namespace,
    patch,
    rule,
    sidecar,
    subset,
    webhook,
)


def names(code, *objects, **rest):
    """How often each object is blamed."""
    return Counter(resource for resource, _ in told(code, *objects, **rest))


@pytest.mark.parametrize(
    ("first", "second", "conflicts"),
    [
        (None, None, True),
        (["*"], ["*"], True),
        (["."], ["."], False),
        (["bar"], ["."], True),
        (["foo"], ["."], False),
        (["other"], ["bar"], False),
    ],
)
def test_hosts_of_the_mesh_conflict_where_both_are_seen(first, second, conflicts):
    host = "reviews.foo.svc.cluster.local"
    one = virtual_service(name="one", namespace="foo", hosts=[host], **({"exportTo": first} if first else {}))
    two = virtual_service(
        name="two", namespace="bar", hosts=[host], **({"exportTo": second} if second else {})
    )
    expected = {"VirtualService foo/one": 1, "VirtualService bar/two": 1} if conflicts else {}
    assert names("IST0109", one, two) == expected


def test_a_webhook_whose_address_is_empty_has_none():
    found = findings(webhook(config={"url": None}))
    assert [(one.code, one.path) for one in found if one.code == "IST0163"] == [
        ("IST0163", "webhooks[0].clientConfig")
    ]


def test_a_webhook_of_the_control_plane_may_name_a_service_in_place_of_an_address():
    config = {"service": {"name": "istiod", "namespace": "default"}, "url": None}
    assert names("IST0163", webhook(config=config)) == {}


def test_webhooks_that_overlap_are_both_blamed_and_those_apart_are_not():
    both = [service("istiod"), webhook("a-istio"), webhook("b-istio")]
    kind = "MutatingWebhookConfiguration"
    assert names("IST0139", *both) == {f"{kind} a-istio": 1, f"{kind} b-istio": 1}
    apart = [
        service("istiod"),
        webhook("a-istio", matchLabels={"istio.io/rev": "a"}),
        webhook("b-istio", matchLabels={"istio.io/rev": "b"}),
    ]
    assert names("IST0139", *apart) == {}


def test_a_sidecar_that_is_an_init_container_is_looked_at_too():
    native = pod(proxy=False, initContainers=[PROXY])
    around = [namespace(labels=ENABLED), native]
    assert names("IST0158", *around, injector(IMAGES % "2")) == {"Namespace default": 1}
    assert names("IST0158", *around, injector(IMAGES % "1")) == {}
    assert names("IST0103", *around) == {}


def test_a_patch_that_merges_is_not_relative():
    assert names("IST0151", envoy_filter(patch("MERGE"))) == {}


def test_a_gateways_port_may_be_the_port_or_the_target_of_the_service():
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    around = [ingress(), make("Service", "gw", ports=ports, selector={"istio": "ingressgateway"})]
    for port, expected in ((80, 0), (8080, 0), (8081, 1)):
        assert sum(names("IST0162", gateway(port=port), *around).values()) == expected


def test_labels_of_the_topology_are_those_of_the_nodes():
    zone = "topology.kubernetes.io/zone"
    around = [service(), pod(nodeName="node"), make("Node", "node", labels={zone: "a"})]
    assert names("IST0173", rule(subsets=[subset("here", **{zone: "a"})]), *around) == {}
    for elsewhere in ({zone: "b"}, {zone: ""}, {zone: "a", "version": "v9"}):
        blamed = names("IST0173", rule(subsets=[subset("there", **elsewhere)]), *around)
        assert blamed == {"DestinationRule default/a": 1}


def test_a_route_may_leave_the_namespace_by_a_full_name_only():
    there = service("reviews", "other")
    full = "reviews.other.svc.cluster.local"
    assert names("IST0101", there, virtual_service(route(full), hosts=[full])) == {}
    assert names("IST0101", there, virtual_service(route("reviews"))) == {"VirtualService default/a": 1}


def test_a_service_that_is_private_is_not_found_from_elsewhere():
    private = service("reviews", "other", annotations={"networking.istio.io/exportTo": "."})
    full = "reviews.other.svc.cluster.local"
    assert names("IST0101", private, virtual_service(route(full), hosts=[full])) == {
        "VirtualService default/a": 1
    }


@pytest.mark.parametrize(
    ("code", "many"),
    [
        ("IST0145", [gateway(f"g{n}") for n in range(40)]),
        ("IST0109", [virtual_service(name=f"v{n}") for n in range(40)]),
        ("IST0111", [sidecar(f"s{n}") for n in range(40)]),
        ("IST0110", [pod(), *(sidecar(f"s{n}", app="reviews") for n in range(40))]),
        ("IST0177", [entry(f"e{n}", ("HTTP", "TCP")[n % 2], addresses=["1.2.3.4"]) for n in range(40)]),
    ],
)
def test_many_rivals_are_all_blamed_in_few_words(code, many):
    found = [one for one in findings(*many) if one.code == code]
    assert len(found) == 40
    assert all("and more" in one.message and len(one.about) <= 12 for one in found)


WRITTEN_BY_ISTIO = {
    "gateway.istio.io/controller-version": "5",
    "istio.io/rev": "canary",
    "sidecar.istio.io/status": "{}",
}


@pytest.mark.parametrize("kind", ["Pod", "Service", "Deployment", "Namespace"])
@pytest.mark.parametrize("name", WRITTEN_BY_ISTIO)
def test_what_istio_writes_on_objects_itself_is_nobodys_fault(kind, name):
    marked = make(kind, annotations={name: WRITTEN_BY_ISTIO[name]})
    assert not {one.code for one in findings(marked)} & {"IST0107", "IST0108", "IST0135", "IST0136"}


def test_the_mark_of_an_ambient_pod_is_no_alpha_feature_and_its_bypass_is_one():
    enrolled = pod("one", annotations={"ambient.istio.io/redirection": "enabled"})
    bypassed = pod("two", annotations={"ambient.istio.io/bypass-inbound-capture": "true"})
    assert names("IST0136", enrolled, bypassed) == {"Pod default/two": 1}


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Service", "traffic.istio.io/nodeSelector"),
        ("Namespace", "topology.istio.io/controlPlaneClusters"),
        ("Pod", "sidecar.istio.io/statsFlushInterval"),
    ],
)
def test_annotations_of_several_networks_and_of_figures_are_known_where_they_belong(kind, name):
    found = findings(make(kind, annotations={name: "a"}))
    assert not {one.code for one in found} & {"IST0107", "IST0108"}


def test_webhooks_for_the_same_namespaces_and_other_pods_do_not_meet():
    def injector_of(name, asked):
        hook = {
            "name": f"{name}.istio.io",
            "clientConfig": {"url": "https://example.com/inject"},
            "namespaceSelector": {"matchLabels": {"istio-injection": "enabled"}},
            "objectSelector": {"matchLabels": {"sidecar.istio.io/inject": asked}},
        }
        return make("MutatingWebhookConfiguration", name, top={"webhooks": [hook]})

    assert names("IST0139", injector_of("one", "true"), injector_of("two", "false")) == {}
    assert len(names("IST0139", injector_of("one", "true"), injector_of("two", "true"))) == 2
