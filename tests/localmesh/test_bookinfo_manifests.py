"""Each file of ../shared/bookinfo/, applied by kubectl, does to the traffic what it says."""

import json
import time
from collections import Counter

import pytest

from tests import needs
from tests.mesh import until

pytestmark = pytest.mark.mesh

JASON = {"end-user": "jason"}
COVERED = {
    "bookinfo.yaml",
    "bookinfo-gateway.yaml",
    "destination-rule-all.yaml",
    "virtual-service-all-v1.yaml",
    "virtual-service-ratings-test-delay.yaml",
    "virtual-service-reviews-50-v3.yaml",
    "virtual-service-reviews-test-v2.yaml",
}
OURS = ("productpage", "reviews", "ratings", "details")


@pytest.fixture
def apply(mesh):
    """Apply files of the sample; afterwards the mesh has no rules but its way in."""

    def do(*files):
        for file in files:
            mesh.kubectl("apply", "-f", str(needs.shared("bookinfo", file)))

    yield do
    for kind in ("virtualservice", "destinationrule"):
        mesh.kubectl("delete", kind, *OURS, "--ignore-not-found")
    until(lambda: set(versions(mesh, 12)) == {"v1", "v2", "v3"})


def review(mesh, headers=None):
    status, text = mesh.fetch("/api/v1/products/0/reviews", headers)
    assert status == 200, text
    return json.loads(text)


def versions(mesh, count, headers=None):
    """Which versions of reviews answered that many requests, and how often."""
    return Counter(review(mesh, headers)["podname"].split("-")[1] for _ in range(count))


def only(mesh, version, headers=None):
    until(lambda: set(versions(mesh, 10, headers)) == {version})
    return True


def test_every_file_there_has_its_test():
    assert {path.name for path in needs.shared("bookinfo").glob("*.yaml")} == COVERED


def test_bookinfo_runs_as_its_manifest_says(mesh, apply):
    apply("bookinfo.yaml")
    for deployment in (
        "details-v1",
        "ratings-v1",
        "reviews-v1",
        "reviews-v2",
        "reviews-v3",
        "productpage-v1",
    ):
        mesh.rollout(deployment)
    until(lambda: mesh.fetch()[0] == 200)
    until(lambda: set(versions(mesh, 12)) == {"v1", "v2", "v3"})
    until(lambda: len(mesh.pods()) == 6)


def test_the_gateway_lets_the_paths_of_the_product_page_in(mesh, apply):
    mesh.kubectl("delete", "virtualservice", "bookinfo")
    mesh.kubectl("delete", "gateway", "bookinfo-gateway")
    until(lambda: _refused(mesh))
    apply("bookinfo-gateway.yaml")
    until(lambda: not _refused(mesh) and mesh.fetch()[0] == 200)
    assert mesh.fetch("/static/style.css")[0] == 200
    assert mesh.fetch("/api/v1/products")[0] == 200
    assert mesh.fetch("/details/0")[0] == 404


def test_destination_rules_alone_change_nothing(mesh, apply):
    apply("destination-rule-all.yaml")
    subsets = mesh.get("destinationrule", "reviews")["spec"]["subsets"]
    assert [each["name"] for each in subsets] == ["v1", "v2", "v3"]
    until(lambda: set(versions(mesh, 12)) == {"v1", "v2", "v3"})


def test_all_traffic_goes_to_v1(mesh, apply):
    apply("destination-rule-all.yaml", "virtual-service-all-v1.yaml")
    only(mesh, "v1")
    assert set(versions(mesh, 30)) == {"v1"}


def test_half_of_the_traffic_goes_to_v3(mesh, apply):
    apply("destination-rule-all.yaml", "virtual-service-reviews-50-v3.yaml")
    until(lambda: set(versions(mesh, 20)) == {"v1", "v3"})
    seen = versions(mesh, 200)
    assert set(seen) == {"v1", "v3"}
    # Five standard deviations of 200 fair throws.
    assert abs(seen["v3"] - 100) < 36


def test_jason_sees_v2_and_everybody_else_v1(mesh, apply):
    apply("destination-rule-all.yaml", "virtual-service-reviews-test-v2.yaml")
    only(mesh, "v1")
    only(mesh, "v2", JASON)
    assert {each["rating"]["color"] for each in review(mesh, JASON)["reviews"]} == {"black"}


def test_ratings_are_delayed_for_jason_so_that_his_reviews_are_missing(mesh, apply):
    apply("destination-rule-all.yaml", "virtual-service-all-v1.yaml", "virtual-service-reviews-test-v2.yaml")
    only(mesh, "v2", JASON)
    apply("virtual-service-ratings-test-delay.yaml")
    until(lambda: mesh.get("virtualservice", "ratings")["status"]["observedGeneration"] == 2)

    def visit(headers=None):
        began = time.monotonic()
        status, text = mesh.fetch("/productpage", headers)
        assert status == 200
        return time.monotonic() - began, "Sorry, product reviews are currently unavailable" in text

    # The page asks twice and waits 3 s each time: less than the 7 s of the delay.
    took, missing = visit(JASON)
    assert missing
    assert 6 <= took < 8
    took, missing = visit()
    assert not missing
    assert took < 2


def _refused(mesh):
    try:
        return mesh.fetch()[0] == 404
    except OSError:
        return True
