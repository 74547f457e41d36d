"""A rule made elsewhere by `kubectl apply`, edited in the browser: every foreign field is there afterwards.

Against localmesh's API server, with its schemas and its admission: by the forms and by the YAML.
"""

import copy
import json
import re
import subprocess

import pytest
import yaml
from playwright.sync_api import expect

from cluster import connection, kinds
from cluster.kube import KubeCluster
from cluster.refs import Ref
from localmesh.apiserver.kubeconfig import TOKEN_PATH
from routing import diff
from tests import needs
from tests.browsers import listen
from tests.cluster.servers import TOKEN, api_server
from tests.people import person
from tests.routing.stage import REVIEWS, WORKLOADS
from tests.routing.test_on_localmesh import _run
from tests.yaml.conftest import built
from tests.yaml.test_editor_browser import edit, put_text, yaml_of

pytestmark = pytest.mark.browser

ELSEWHERE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
  namespace: bookinfo
  labels:
    team: shop
    argocd.argoproj.io/instance: shop
  annotations:
    example.org/owner: "Ada & Otto <shop@example.org>"
    example.org/zero: "0012"
spec:
  hosts: [reviews, reviews.example.org]
  gateways: [mesh, istio-system/edge]
  exportTo: ["*"]
  http:
  - name: jason
    match:
    - headers:
        end-user: {exact: jason}
        x-device: {regex: "(iOS|Android).*"}
      withoutHeaders:
        x-canary: {}
      sourceLabels: {app: productpage}
      ignoreUriCase: true
    rewrite: {authority: reviews.internal}
    timeout: 1.5s
    retries: {attempts: 3, perTryTimeout: 500ms, retryOn: "5xx,reset", retryRemoteLocalities: false}
    route:
    - destination: {host: reviews, subset: v2, port: {number: 9080}}
      headers:
        response:
          set: {x-served-by: v2}
          remove: [server]
  - name: default
    timeout: 3s
    corsPolicy:
      allowOrigins: [{exact: "https://shop.example.org"}]
      allowMethods: [GET, POST]
      maxAge: 24h
    mirror: {host: reviews, subset: v3}
    mirrorPercentage: {value: 0.5}
    headers:
      request:
        add: {x-weighted: "yes"}
    route:
    - destination: {host: reviews, subset: v1}
      weight: 80
      headers:
        request:
          set: {x-version: v1}
    - destination: {host: reviews, subset: v2}
      weight: 20
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
  namespace: bookinfo
  annotations: {example.org/owner: shop}
spec:
  host: reviews
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 100}, http: {http2MaxRequests: 50}}
    outlierDetection: {consecutive5xxErrors: 7, interval: 30s, baseEjectionTime: 1m}
  subsets:
  - name: v1
    labels: {version: v1}
  - name: v2
    labels: {version: v2}
    trafficPolicy: {loadBalancer: {simple: LEAST_REQUEST}}
  - name: v3
    labels: {version: v3}
"""
SUBSETS = Ref(kinds.DESTINATION_RULE, "bookinfo", "reviews")


@pytest.fixture(scope="module")
def url():
    needs.program("kubectl")
    with api_server() as address:
        adapter = KubeCluster.at(address, TOKEN)
        for manifest in WORKLOADS:
            _run(adapter, manifest)
        yield address


@pytest.fixture
def elsewhere(url):
    """The cluster after somebody has applied his rules, and somebody else noted something on one."""
    kubectl(url, "apply", "-f", "-", stdin=ELSEWHERE)
    kubectl(url, "annotate", "vs", "reviews", "-n", "bookinfo", "example.org/seen=2026-11-28", "--overwrite")
    with connection.override(KubeCluster.at(url, TOKEN)) as adapter:
        yield adapter
    kubectl(url, "delete", "vs,dr", "--all", "-n", "bookinfo")


def kubectl(url, *arguments, stdin=""):
    # Over plain HTTP kubectl sends no token: there it stands in the address.
    command = ["kubectl", "--server", f"{url}/{TOKEN_PATH}/{TOKEN}", "--kubeconfig", "/dev/null", *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def page(transactional_db, live_server, browser, client, elsewhere):
    built()
    client.force_login(person("ada"))
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(15_000)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    opened = context.new_page()
    heard = listen(opened)
    yield opened
    context.close()
    assert heard == []


def apply(page):
    page.locator("#preview").click()
    page.wait_for_url("**/plans/**")
    page.click("#apply-button")
    page.wait_for_url("**/changes/**")
    expect(page.get_by_text("Applied").first).to_be_visible()


def assert_only(before, after, change):
    """That `change`, done by hand to what stood there, gives exactly what stands there now."""
    expected = copy.deepcopy(before)
    change(expected)
    assert diff.content(after) == diff.content(expected)
    # What kubectl keeps for itself is kept for it, byte for byte.
    assert (
        after["metadata"]["annotations"][diff.LAST_APPLIED]
        == before["metadata"]["annotations"][diff.LAST_APPLIED]
    )
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def set_weights(manifest, *weights):
    for item, weight in zip(manifest["spec"]["http"][1]["route"], weights, strict=True):
        item["weight"] = weight


def test_the_split_form_changes_the_weights_and_nothing_else(page, elsewhere):
    before, policy = elsewhere.get(REVIEWS), elsewhere.get(SUBSETS)
    page.goto("/routing/bookinfo/reviews/")
    page.locator(".split-row[data-version=v2] .input-number").fill("50")
    expect(page.locator("#yaml-0")).to_have_value(re.compile("weight: 50"))
    apply(page)
    assert_only(before, elsewhere.get(REVIEWS), lambda item: set_weights(item, 50, 50))
    assert elsewhere.get(SUBSETS) == policy


def test_the_yaml_beside_the_form_changes_what_is_typed_and_nothing_else(page, elsewhere):
    before, policy = elsewhere.get(REVIEWS), elsewhere.get(SUBSETS)
    page.goto("/routing/bookinfo/reviews/")
    expect(page.locator("#yaml-pane-0 .cm-content")).to_contain_text("apiVersion")
    text = yaml_of(page).replace("weight: 80", "weight: 60").replace("weight: 20", "weight: 40")
    put_text(page, text.replace("maxAge: 24h", "maxAge: 12h"))
    expect(page.locator("#yaml-rest")).to_contain_text("spec.http[1].corsPolicy")
    expect(page.locator(".split-row[data-version=v2] .input-number")).to_have_value("40")
    apply(page)

    def change(item):
        set_weights(item, 60, 40)
        item["spec"]["http"][1]["corsPolicy"]["maxAge"] = "12h"

    assert_only(before, elsewhere.get(REVIEWS), change)
    assert elsewhere.get(SUBSETS) == policy


def test_the_form_on_top_of_typed_yaml_keeps_both_and_everything_foreign(page, elsewhere):
    before = elsewhere.get(REVIEWS)
    page.goto("/routing/bookinfo/reviews/")
    edit(page, "maxAge: 24h", "maxAge: 6h")
    expect(page.locator("#yaml-rest")).to_contain_text("corsPolicy")
    page.locator("#fault-kind label", has_text="Delay").click()
    expect(page.locator("#yaml-0")).to_have_value(re.compile("fixedDelay: 2s"))
    apply(page)
    after = elsewhere.get(REVIEWS)
    assert {rule["fault"]["delay"]["fixedDelay"] for rule in after["spec"]["http"]} == {"2s"}

    def change(item):
        item["spec"]["http"][1]["corsPolicy"]["maxAge"] = "6h"
        for rule in item["spec"]["http"]:
            rule["fault"] = after["spec"]["http"][0]["fault"]
        item["metadata"]["annotations"]["meshui.io/faults"] = after["metadata"]["annotations"][
            "meshui.io/faults"
        ]

    assert_only(before, after, change)


def test_the_page_of_the_resource_changes_one_field_and_nothing_else(page, elsewhere):
    before = elsewhere.get(REVIEWS)
    page.goto("/config/virtualservices.networking.istio.io/bookinfo/reviews/")
    expect(page.locator(".cm-content")).to_contain_text("apiVersion")
    edit(page, "maxAge: 24h", "maxAge: 12h")
    apply(page)
    assert_only(
        before,
        elsewhere.get(REVIEWS),
        lambda item: item["spec"]["http"][1]["corsPolicy"].update(maxAge="12h"),
    )


def test_kubectl_apply_goes_on_as_if_nobody_else_had_been_there(page, elsewhere, url):
    """Its own copy of what it applied last is untouched, so it takes away what its file no longer has."""
    page.goto("/routing/bookinfo/reviews/")
    page.locator(".split-row[data-version=v2] .input-number").fill("50")
    apply(page)
    documents = list(yaml.safe_load_all(ELSEWHERE))
    del documents[0]["spec"]["http"][1]["corsPolicy"]
    kubectl(url, "apply", "-f", "-", stdin=json.dumps(documents[0]))
    after = elsewhere.get(REVIEWS)
    assert "corsPolicy" not in after["spec"]["http"][1]
    assert after["metadata"]["annotations"]["example.org/seen"] == "2026-11-28"
