"""Services and their versions, out of plain lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import inventory, kinds, objects
from tests.cluster.building import deployment, endpoint_slice, maker, only, pod, read, service


def test_pods_are_counted_by_version_ready_and_with_a_proxy():
    found = only([pod("v1"), pod("v1", ready=False), pod("v10", sidecar=False), pod("v2")])
    assert [(v.version, v.pods, v.ready_pods, v.pods_with_sidecar) for v in found.versions] == [
        ("v1", 2, 1, 2), ("v2", 1, 1, 1), ("v10", 1, 1, 0),
    ]  # fmt: skip


def test_a_deployment_without_pods_is_a_version_with_none():
    found = only([pod("v1")], [deployment("v1"), deployment("v2")])
    assert [(v.version, v.pods) for v in found.versions] == [("v1", 1), ("v2", 0)]
    assert found.version("v2").labels == {"app": "reviews", "version": "v2"}


def test_a_version_is_one_whichever_label_names_it():
    # Injection gives the pods a label that the template does not have.
    labels = {"app": "reviews", "app.kubernetes.io/version": "1.2"}
    injected = pod("", labels={**labels, "service.istio.io/canonical-revision": "1.2"})
    (version,) = only([injected], [maker("reviews", labels)]).versions
    assert (version.version, version.pods) == ("1.2", 1)


def test_a_version_is_selected_by_a_label_that_all_its_pods_carry():
    first = pod("1.2")
    second = pod("", labels={"app.kubernetes.io/version": "1.2"})
    third = pod("1.2", labels={"app.kubernetes.io/version": "1.2"})
    assert only([third, second]).versions[0].label == "app.kubernetes.io/version"
    assert only([third, first]).versions[0].label == "version"
    assert only([first, second]).versions[0].pods == 2


def test_the_metrics_name_of_a_version_is_its_canonical_revision():
    chart = {"app.kubernetes.io/version": "4.0.1"}
    assert only([pod("blue", labels=chart), pod("blue")]).versions[0].revisions == ("4.0.1", "blue")
    assert inventory.revision_of({}) == "latest"


def test_a_chart_version_that_all_share_does_not_hide_the_versions():
    chart = {"app.kubernetes.io/version": "4.0.1"}
    found = only([pod("blue", labels=chart), pod("green", labels=chart)])
    assert [version.version for version in found.versions] == ["blue", "green"]


def test_an_app_is_named_as_istio_names_it():
    assert inventory.app_of({"app": "a", "app.kubernetes.io/name": "b"}) == "b"
    canonical = {"service.istio.io/canonical-name": "c", "app.kubernetes.io/name": "b"}
    assert inventory.app_of(canonical) == "c"
    assert inventory.app_of({}) == ""


def test_pods_that_are_finished_or_of_others_do_not_count():
    found = only([pod("v1", phase="Succeeded"), pod("v2", phase="Failed"), pod("v3", app="ratings")])
    assert found.versions == ()


def test_a_selector_of_several_labels_wants_all_of_them():
    pods = [pod("v1", labels={"tier": "web"}), pod("v2", labels={"tier": "db"}), pod("v3", app="ratings")]
    found = only(pods, selector={"app": "reviews", "tier": "web"})
    assert [version.version for version in found.versions] == ["v1"]


def test_pods_of_another_namespace_are_others():
    assert only([pod("v1", namespace="elsewhere")]).versions == ()


def test_a_pod_on_its_way_out_is_not_ready():
    assert only([pod("v1", deletionTimestamp="2026-01-01T00:00:00Z")]).versions[0].ready_pods == 0


def test_pods_without_a_version_are_counted_apart():
    found = only([pod(""), pod("v1")])
    assert (found.pods_without_version, len(found.versions)) == (1, 1)


def test_the_canonical_revision_stands_in_for_a_version():
    (version,) = only([pod("", labels={"service.istio.io/canonical-revision": "blue"})]).versions
    assert (version.version, version.label) == ("blue", "service.istio.io/canonical-revision")


def test_the_labels_of_a_version_are_those_that_all_its_pods_carry():
    first, second = (pod("v1", labels={"pod-template-hash": text}) for text in "ab")
    assert only([first, second]).versions[0].labels == {"app": "reviews", "version": "v1"}


def test_a_service_without_a_selector_has_no_pods_and_the_endpoints_that_somebody_wrote():
    slices = [endpoint_slice("reviews", (None, "192.0.2.1", True), (None, "192.0.2.2", False))]
    found = only([pod("v1")], slices=slices, selector={})
    assert (found.versions, found.selects) == ((), False)
    assert found.endpoints == inventory.Endpoints(ready=1, not_ready=1)


def test_endpoints_count_by_version_each_pod_once():
    pods = [pod("v1", name="a"), pod("v1", name="b"), pod("v2", name="c")]
    slices = [
        endpoint_slice("reviews", ("a", "10.0.0.1", True), ("b", "10.0.0.2", False), name="ipv4"),
        endpoint_slice("reviews", ("a", "fd00::1", True), ("c", "fd00::3", None), name="ipv6"),
        endpoint_slice("ratings", ("c", "10.0.0.3", True), name="another"),
        endpoint_slice("reviews", ("a", "10.0.0.1", True), namespace="elsewhere"),
    ]
    found = only(pods, slices=slices)
    assert found.endpoints == inventory.Endpoints(ready=2, not_ready=1)
    assert found.version("v1").endpoints == inventory.Endpoints(ready=1, not_ready=1)
    assert found.version("v2").endpoints == inventory.Endpoints(ready=1, not_ready=0)


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({}, "ClusterIP"), ({"type": "NodePort", "clusterIP": "10.0.0.1"}, "NodePort"),
        ({"type": "ClusterIP", "clusterIP": "None"}, "Headless"),
        ({"type": "ExternalName", "externalName": "example.com"}, "ExternalName"),
    ],
)  # fmt: skip
def test_the_kind_of_a_service(spec, kind):
    assert only(**spec).kind == kind


def test_an_external_name_selects_nothing_whatever_it_says():
    found = only([pod("v1")], type="ExternalName", externalName="example.com")
    assert (found.versions, found.selects) == ((), False)


def test_where_pods_may_not_be_listed_the_workloads_speak_for_them():
    status = {"replicas": 3, "readyReplicas": 2}
    made = inventory.workloads(
        {kinds.DEPLOYMENT: [deployment("v1", status=status)]}, [], pods_hidden={"bookinfo"}
    )
    (found,) = inventory.services([service()], [], made, pods_hidden={"bookinfo"})
    assert not found.pods_known
    assert [(v.version, v.pods, v.ready_pods) for v in found.versions] == [("v1", 3, 2)]


@pytest.mark.parametrize(
    ("port", "protocol"),
    [
        ({"name": "http"}, "http"), ({"name": "grpc-web"}, "grpc"), ({"name": "http2-x"}, "http2"),
        ({"name": "web", "protocol": "TCP"}, "tcp"),
        ({"appProtocol": "kubernetes.io/h2c", "name": "grpc"}, "grpc"),
        ({"appProtocol": "HTTP"}, "http"), ({"protocol": "UDP"}, "udp"), ({}, "tcp"), ({"name": None}, "tcp"),
    ],
)  # fmt: skip
def test_the_protocol_of_a_port_is_picked_as_istio_picks_it(port, protocol):
    assert inventory.protocol_of(read(objects.ServicePort, {"port": 80, **port})) == protocol


@given(st.lists(st.text()))
def test_any_names_can_be_put_in_natural_order(names):
    assert sorted(sorted(names, key=inventory.natural)) == sorted(names)


def test_versions_come_in_natural_order():
    assert sorted(["v10", "v2", "v1-b", "v1"], key=inventory.natural) == ["v1", "v1-b", "v2", "v10"]
    assert inventory.natural("9" * 5000) > inventory.natural("8" * 5000)


LABELS = st.dictionaries(
    st.sampled_from(["app", *inventory.VERSION_LABELS]),
    st.sampled_from(["v1", "v2", ""]),
    max_size=4,
)


@given(st.lists(st.tuples(LABELS, st.booleans(), st.booleans()), max_size=12), st.lists(LABELS, max_size=5))
def test_every_pod_of_a_selector_is_counted_once(drawn, selectors):
    pods = [
        read(
            objects.Pod,
            {
                "metadata": {"name": f"p{n}", "namespace": "bookinfo", "labels": labels},
                "spec": {"containers": [{"name": "istio-proxy" if proxied else "app"}, {"name": "x"}]},
                "status": {"conditions": [{"type": "Ready", "status": str(ready)}]},
            },
        )
        for n, (labels, ready, proxied) in enumerate(drawn)
    ]
    asked = [service(f"s{n}", selector) for n, selector in enumerate(selectors)]
    for found, selector in zip(inventory.services(asked, pods), selectors, strict=True):
        mine = [
            pod
            for pod in pods
            if selector and all(pod.metadata.labels.get(key) == value for key, value in selector.items())
        ]
        assert sum(version.pods for version in found.versions) + found.pods_without_version == len(mine)
        for version in found.versions:
            its = [pod for pod in mine if inventory.version_of(pod.metadata.labels)[0] == version.version]
            assert version.pods == len(its)
            assert version.ready_pods == sum(map(inventory.is_ready, its))
            assert version.pods_with_sidecar == sum(map(inventory.has_sidecar, its))
            assert all(version.labels.items() <= pod.metadata.labels.items() for pod in its)
