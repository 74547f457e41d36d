import pytest

from localmesh.workloads import images


@pytest.mark.parametrize(
    "image",
    [
        "registry.istio.io/release/examples-bookinfo-reviews-v2:1.20.3",
        "docker.io/istio/examples-bookinfo-reviews-v2",
        "localhost:5000/examples-bookinfo-reviews-v2:latest",
        "examples-bookinfo-reviews-v2@sha256:0123",
    ],
)
def test_an_image_is_known_whatever_its_registry_and_tag(image):
    assert images.find(image).arguments == ("-m", "localmesh.bookinfo", "reviews", "v2")


def test_a_proxy_alone_has_no_application():
    assert images.find("istio/proxyv2:1.30.0").is_proxy


@pytest.mark.parametrize("image", ["localmesh/traffic", "docker.io/localmesh/traffic:1"])
def test_the_traffic_generator_is_known(image):
    assert images.find(image).takes_traffic_settings


@pytest.mark.parametrize("image", ["nginx", "somebody/traffic", "examples-bookinfo-reviews-v9", ""])
def test_other_images_are_unknown(image):
    assert images.find(image) is None


def test_the_message_of_an_unknown_image_names_the_known_ones():
    message = images.unknown_message("nginx:1")
    assert "nginx:1" in message
    assert "examples-bookinfo-ratings-v1" in message
