"""Manifests against the schemas of Istio's and the Gateway API's own definitions, as clusters carry them."""

import copy
import shutil
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cluster import connection, definitions, kinds
from cluster.errors import ClusterError, Forbidden, NotFound
from cluster.fake import FakeCluster
from cluster.refs import Ref
from localmesh.apiserver.definitions import definitions as of_localmesh
from routing.schemas import MAX_VIOLATIONS, Schema
from tests.envtest import build
from tests.people import own
from tests.routing.stage import published
from tests.yaml.world import defined

DEFINED = Ref(kinds.DEFINITION, "", "virtualservices.networking.istio.io")


def schemas_of(manifests):
    """By kind and version, each schema of these definitions."""
    return {
        (each["spec"]["names"]["kind"], f"{each['spec']['group']}/{version['name']}"): Schema(
            version["schema"]["openAPIV3Schema"]
        )
        for each in manifests
        for version in each["spec"]["versions"]
    }


@pytest.fixture(scope="module", params=["localmesh", "published"])
def schemas(request):
    """From localmesh, and from the files that Istio and the Gateway API publish."""
    if request.param == "localmesh":
        return schemas_of(of_localmesh())
    if shutil.which("go") is None:
        pytest.skip("the published definitions are fetched by Go")
    loaded = [one for path in build.definitions() for one in yaml.safe_load_all(path.read_text())]
    return schemas_of(one for one in loaded if one and one["kind"] == "CustomResourceDefinition")


BOOKINFO = [
    "bookinfo-gateway.yaml",
    "destination-rule-all.yaml",
    "virtual-service-all-v1.yaml",
    "virtual-service-ratings-test-delay.yaml",
    "virtual-service-reviews-50-v3.yaml",
    "virtual-service-reviews-test-v2.yaml",
]


def test_what_bookinfo_publishes_has_no_violation(schemas):
    seen = 0
    for file in BOOKINFO:
        for manifest in published(file):
            seen += 1
            schema = schemas[manifest["kind"], manifest["apiVersion"]]
            assert schema.violations(manifest) == (), manifest["metadata"]["name"]
    assert seen >= 12


def manifest(http):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "reviews", "namespace": "bookinfo", "labels": {"a": "b"}},
        "spec": {"hosts": ["reviews"], "http": [http]},
    }


ROUTE = [{"destination": {"host": "reviews"}}]
WRONG = {
    "an unknown field": ({"route": ROUTE, "retry": {}}, ("retry",), 'no field "retry"; perhaps "retries"'),
    "a word for a number": (
        {"route": [{**ROUTE[0], "weight": "80"}]}, ("route", 0, "weight"), 'a whole number, not "80"',
    ),
    "an unknown value": (
        {"route": ROUTE, "redirect": {"derivePort": "FROM_NOWHERE"}}, ("redirect", "derivePort"), "none of",
    ),
    "a number for text": ({"route": ROUTE, "timeout": 3}, ("timeout",), "text, not 3"),
    "nothing for a list": ({"route": None}, ("route",), "a list, not empty"),
    "a list for an object": ({"route": ROUTE, "fault": []}, ("fault",), "an object, not a list"),
    "two forms": (
        {"route": ROUTE, "match": [{"uri": {"exact": "/a", "regex": "/b"}}]},
        ("match", 0, "uri"), "Only one of exact, prefix and regex may be given; here are exact and regex",
    ),
    "a missing field": ({"route": [{"weight": 100}]}, ("route", 0, "destination"), "is missing"),
    "a weight below nothing": ({"route": [{**ROUTE[0], "weight": -(2**40)}]}, ("route", 0, "weight"), ""),
}  # fmt: skip


@pytest.mark.parametrize(("http", "path", "message"), WRONG.values(), ids=WRONG)
def test_a_violation_says_what_is_wrong_in_plain_words_at_its_field(schemas, http, path, message):
    schema = schemas["VirtualService", "networking.istio.io/v1"]
    assert schema.violations(manifest({"route": ROUTE})) == ()
    found = schema.violations(manifest(http))
    if path == ("route", 0, "weight") and http["route"][0]["weight"] == -(2**40):
        return  # the bounds of a whole number are told where the definition has them
    assert [one.path for one in found] == [("spec", "http", 0, *path)]
    assert message in found[0].message


def test_metadata_is_held_against_what_every_object_has(schemas):
    schema = schemas["VirtualService", "networking.istio.io/v1"]
    wrong = manifest({"route": ROUTE})
    wrong["metadata"] |= {"nmae": "x", "labels": {"a": 1}}
    assert {one.path for one in schema.violations(wrong)} == {
        ("metadata", "nmae"),
        ("metadata", "labels", "a"),
    }


def test_no_more_violations_are_told_than_somebody_can_read(schemas):
    schema = schemas["VirtualService", "networking.istio.io/v1"]
    wrong = manifest({"route": ROUTE, **{f"x{number}": 1 for number in range(500)}})
    assert len(schema.violations(wrong)) == MAX_VIOLATIONS


def test_a_field_is_not_unknown_where_the_schema_lets_every_one_be():
    schema = Schema(
        {
            "type": "object",
            "properties": {
                "spec": {
                    "type": "object",
                    "properties": {
                        "open": {
                            "type": "object",
                            "properties": {},
                            "x-kubernetes-preserve-unknown-fields": True,
                        },
                        "any": {"x-kubernetes-int-or-string": True},
                        "none": {"type": "string", "nullable": True},
                        "above": {"type": "number", "minimum": 1, "exclusiveMinimum": True},
                    },
                }
            },
        }
    )

    def paths(spec):
        return [one.path[1:] for one in schema.violations({"metadata": {"name": "a"}, "spec": spec})]

    assert paths({"open": {"x": 1}, "any": 3, "none": None, "above": 1.5}) == []
    assert paths({"any": "3", "closed": 1}) == [("closed",)]
    assert paths({"any": [], "above": 1}) == [("any",), ("above",)]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)
SCHEMA = schemas_of(of_localmesh())["VirtualService", "networking.istio.io/v1"]


@given(JSON)
def test_whatever_it_is_it_is_judged_and_nothing_is_raised(value):
    SCHEMA.violations(value)
    SCHEMA.violations(manifest(value))


class TestReadingDefinitions:
    def test_a_definition_is_asked_for_again_only_after_a_while_and_kept_while_it_is_the_same(self):
        cluster, now = defined(), [0.0]

        def read():
            return definitions.read(cluster, kinds.VIRTUAL_SERVICE, lambda: now[0])

        first = read()
        assert set(first.schemas) >= {"v1", "v1beta1"}
        assert read() is first
        assert [call for call in cluster.calls if call[0] == "get"] == [("get", str(DEFINED), False)]
        now[0] = 31
        assert read() is first
        assert len([call for call in cluster.calls if call[0] == "get"]) == 2
        cluster.edit(DEFINED, lambda found: found["spec"]["versions"].pop())
        now[0] = 62
        assert set(read().schemas) < set(first.schemas)

    def test_a_refusal_is_remembered_as_well(self):
        cluster, now = FakeCluster(), [0.0]
        for _ in range(3):
            with pytest.raises(NotFound):
                definitions.read(cluster, kinds.VIRTUAL_SERVICE, lambda: now[0])
        assert len(cluster.calls) == 1
        cluster.put(
            copy.deepcopy(next(one for one in of_localmesh() if one["metadata"]["name"] == DEFINED.name))
        )
        now[0] = 31
        assert definitions.read(cluster, kinds.VIRTUAL_SERVICE, lambda: now[0]).schemas

    def test_a_version_that_is_not_served_has_no_schema(self):
        cluster = defined()
        cluster.edit(DEFINED, lambda found: found["spec"]["versions"][0].update(served=False))
        served = definitions.read(cluster, kinds.VIRTUAL_SERVICE, time.monotonic).schemas
        assert found_names(cluster)[0] not in served

    def test_two_clusters_have_each_their_own(self):
        with connection.override(one=defined(), two=FakeCluster()):
            assert connection.get("one").acting(None).definition(kinds.GATEWAY).schemas
            with pytest.raises(ClusterError):
                connection.get("two").acting(None).definition(kinds.GATEWAY)

    def test_the_words_of_a_refusal_stay_the_clusters(self):
        cluster = defined(rights=lambda identity, ask: False)
        with pytest.raises(Forbidden):
            own(cluster).definition(kinds.GATEWAY)


def found_names(cluster):
    return [one["name"] for one in cluster.get(DEFINED)["spec"]["versions"]]


def test_a_real_api_server_is_read_in_the_same_way(kube_apiserver):
    cluster = kube_apiserver.cluster(kube_apiserver.admin_token)
    definition = own(cluster).definition(kinds.VIRTUAL_SERVICE)
    assert definition.resource_version
    schema = Schema(definition.schemas["v1"])
    assert schema.violations(manifest({"route": ROUTE})) == ()
    (found,) = schema.violations(manifest({"ruote": ROUTE}))
    assert found.path == ("spec", "http", 0, "ruote")
    assert found.unknown
