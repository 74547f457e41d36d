"""Names and references."""

import pytest

from cluster import kinds, refs
from cluster.refs import Ref


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a..b", "-a", "a-", "A", "a_b", "a/b", "a\n", "é", "a" * 254]
)
def test_what_is_no_name_is_none(name):
    assert not refs.is_dns_subdomain(name)
    assert not refs.is_dns_label(name)
    with pytest.raises(ValueError, match="cannot be the name"):
        Ref(kinds.POD, "bookinfo", name).checked()


@pytest.mark.parametrize("name", ["a", "a.b", "reviews-v1", "1", "a" * 63, "a" * 253])
def test_names_are_names(name):
    assert refs.is_dns_subdomain(name)


def test_a_reference_is_read_from_a_manifest_in_any_version():
    manifest = {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "VirtualService",
        "metadata": {"name": "reviews", "namespace": "bookinfo"},
    }
    assert Ref.of(manifest) == Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")
    assert str(Ref.of(manifest)) == "VirtualService bookinfo/reviews"
    assert str(Ref(kinds.NAMESPACE, "", "bookinfo")) == "Namespace bookinfo"


@pytest.mark.parametrize(
    "manifest",
    [{}, {"apiVersion": "v1", "kind": "Nothing"}, {"apiVersion": "v2", "kind": "VirtualService"}],
)
def test_an_unknown_kind_is_refused(manifest):
    with pytest.raises(ValueError, match="not a kind"):
        Ref.of(manifest)


def test_a_namespace_has_no_namespace():
    with pytest.raises(ValueError, match="has no namespace"):
        Ref(kinds.NAMESPACE, "bookinfo", "bookinfo").checked()
