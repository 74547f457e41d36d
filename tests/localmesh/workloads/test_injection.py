import json

import pytest

from localmesh.workloads import injection

ENABLED = {"metadata": {"name": "bookinfo", "labels": {"istio-injection": "enabled"}}}
DISABLED = {"metadata": {"name": "bookinfo", "labels": {"istio-injection": "disabled"}}}
REVISION = {"metadata": {"name": "bookinfo", "labels": {"istio.io/rev": "stable"}}}
PLAIN = {"metadata": {"name": "load"}}


def pod(labels=None, annotations=None, **spec):
    return {
        "metadata": {"name": "p", "labels": labels or {}, "annotations": annotations or {}},
        "spec": {"containers": [{"name": "reviews", "image": "examples-bookinfo-reviews-v1"}], **spec},
    }


@pytest.mark.parametrize(
    ("namespace", "wanted"), [(ENABLED, True), (REVISION, True), (PLAIN, False), (None, False)]
)
def test_the_namespace_says_whether_its_pods_get_a_sidecar(namespace, wanted):
    assert injection.wanted(pod(), namespace) is wanted


def test_a_pod_opts_out_by_label_or_annotation():
    assert not injection.wanted(pod({"sidecar.istio.io/inject": "false"}), ENABLED)
    assert not injection.wanted(pod(annotations={"sidecar.istio.io/inject": "false"}), ENABLED)


def test_a_pod_opts_in_unless_its_namespace_is_disabled():
    asking = pod({"sidecar.istio.io/inject": "true"})
    assert injection.wanted(asking, PLAIN)
    assert not injection.wanted(asking, DISABLED)


def test_a_gateway_and_a_pod_on_the_hosts_network_get_none():
    gateway = pod()
    gateway["spec"]["containers"] = [{"name": "istio-proxy", "image": "istio/proxyv2"}]
    assert not injection.wanted(gateway, ENABLED)
    assert not injection.wanted(pod(hostNetwork=True), ENABLED)


def test_injection_adds_the_proxy_and_says_so():
    injected = injection.inject(pod({"app": "reviews", "version": "v1"}))
    assert [each["name"] for each in injected["spec"]["containers"]] == ["reviews", "istio-proxy"]
    told = json.loads(injected["metadata"]["annotations"]["sidecar.istio.io/status"])
    assert told["containers"] == ["istio-proxy"]
    assert injected["metadata"]["labels"]["service.istio.io/canonical-name"] == "reviews"
    assert injected["metadata"]["labels"]["service.istio.io/canonical-revision"] == "v1"


def test_injection_happens_once():
    assert not injection.wanted(injection.inject(pod()), ENABLED)


def test_injection_leaves_the_template_alone():
    before = pod()
    injection.inject(before)
    assert before == pod()
