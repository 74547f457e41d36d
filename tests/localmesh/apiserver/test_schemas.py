"""The structures, held against the definitions that Istio and Gateway API publish."""

import json
import subprocess
from functools import cache
from pathlib import Path

import msgspec
import pytest
import yaml

from localmesh.apiserver import kinds, openapi
from localmesh.apiserver.definitions import definitions, open_api_schema
from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.base import WILDCARD_DOMAIN
from localmesh.apiserver.schemas.registry import MODELS, schema_for
from localmesh.apiserver.schemas.virtual_service import VirtualService
from localmesh.apiserver.validation import Findings, check, prune
from tests import needs

# The versions that localmesh's structures were written by.
ISTIO = ("istio.io/api@v1.27.3", "kubernetes/customresourcedefinitions.gen.yaml")
GATEWAY_API = ("sigs.k8s.io/gateway-api@v1.3.0", "config/crd/standard/*.yaml")


@cache
def published(module, files):
    """The definitions of a Go module, by name; fetched once where this machine has never seen it."""
    needs.program("go")
    command = ["go", "mod", "download", "-json", module]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        needs.lack(f"{module} cannot be fetched: {done.stdout or done.stderr}")
    found = sorted(Path(json.loads(done.stdout)["Dir"]).glob(files))
    assert found
    documents = [each for file in found for each in yaml.load_all(file.read_text(), Loader=yaml.CSafeLoader)]
    return {each["metadata"]["name"]: each for each in documents if each}


def shape(schema):
    """A schema without texts, and with what has no order in order."""
    found = {}
    for key, value in schema.items():
        if key in ("description", "anyOf") and not isinstance(value, dict):
            continue
        if key == "properties":
            found[key] = {name: shape(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties") and isinstance(value, dict):
            found[key] = shape(value)
        elif key in ("required", "enum"):
            found[key] = sorted(value)
        elif key == "x-kubernetes-validations":
            found[key] = sorted((" ".join(each["rule"].split()), each["message"]) for each in value)
        elif key == "format" and value == "binary":
            found[key] = "byte"
        else:
            found[key] = value
    return found


@pytest.mark.parametrize(
    "resource", [each for each in kinds.ALL if each.custom and each.group.endswith("istio.io")], ids=repr
)
def test_the_spec_of_an_istio_kind_is_exactly_the_published_one(resource):
    theirs = published(*ISTIO)[resource.key]
    schema = theirs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert shape(open_api_schema(resource)["properties"]["spec"]) == shape(schema)
    assert theirs["spec"]["names"].get("shortNames", []) == list(resource.short_names)


@pytest.mark.parametrize(
    "resource", [each for each in kinds.ALL if each.group == "gateway.networking.k8s.io"], ids=repr
)
def test_the_spec_of_a_gateway_api_kind_has_the_published_fields(resource):
    theirs = published(*GATEWAY_API)[resource.key]
    version = next(each for each in theirs["spec"]["versions"] if each["name"] == resource.version)

    def fields(schema, path=""):
        found = {path}
        for name, each in schema.get("properties", {}).items():
            found |= fields(each, f"{path}.{name}")
        return found | (
            fields(schema["items"], f"{path}[]") if isinstance(schema.get("items"), dict) else set()
        )

    schema = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert fields(open_api_schema(resource)["properties"]["spec"]) == fields(schema)


def walk(schema):
    yield schema
    for each in [
        *schema.get("properties", {}).values(),
        schema.get("items"),
        schema.get("additionalProperties"),
    ]:
        if isinstance(each, dict):
            yield from walk(each)


@pytest.mark.parametrize("resource", MODELS, ids=repr)
def test_every_published_rule_has_a_twin_and_every_merge_key_a_field(resource):
    for schema in walk(schema_for(resource)):
        for each in schema.get("x-kubernetes-validations", ()):
            assert each["rule"] in rules._TWINS
        for key in schema.get("x-kubernetes-list-map-keys", ()):
            assert key in schema["items"]["properties"]


def test_the_definitions_are_structural():
    for definition in definitions():
        for version in definition["spec"]["versions"]:
            for schema in walk(version["schema"]["openAPIV3Schema"]):
                assert "$ref" not in schema
                assert (
                    schema.get("type")
                    or schema.get("x-kubernetes-int-or-string")
                    or (schema.get("x-kubernetes-preserve-unknown-fields"))
                ), schema


def test_the_structures_decode_what_the_schemas_accept():
    text = b'{"metadata": {"name": "a"}, "spec": {"http": [{"mirror_percent": 3, "timeout": "1s"}]}}'
    found = msgspec.json.decode(text, type=VirtualService)
    assert found.spec.http[0].legacy_mirror_percent == 3
    assert found.spec.http[0].timeout == "1s"


def findings(resource, obj):
    noted = Findings()
    check(schema_for(resource), prune(schema_for(resource), obj, noted), noted)
    return noted


def test_an_unknown_field_is_pruned_and_noted_at_its_path():
    noted = Findings()
    obj = {"metadata": {}, "spec": {"http": [{"rout": 1, "name": "a"}], "bar": {}}}
    pruned = prune(schema_for(kinds.VIRTUAL_SERVICES), obj, noted)
    assert noted.unknown == ["spec.http[0].rout", "spec.bar"]
    assert pruned == {"metadata": {}, "spec": {"http": [{"name": "a"}]}}


def test_defaults_of_gateway_api_are_filled_in():
    obj = {"metadata": {}, "spec": {"rules": [{"backendRefs": [{"name": "a"}]}]}}
    found = prune(schema_for(kinds.HTTP_ROUTES), obj, Findings())["spec"]["rules"][0]
    assert found["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert found["backendRefs"][0]["weight"] == 1


@pytest.mark.parametrize(
    ("resource", "spec", "told"),
    [
        (
            kinds.GATEWAYS,
            {"servers": {}},
            'spec.servers: Invalid value: "object": spec.servers in body must be of type array: "object"',
        ),
        (
            kinds.DEPLOYMENTS,
            {"replicas": True},
            (
                'spec.replicas: Invalid value: "boolean": '
                'spec.replicas in body must be of type integer: "boolean"'
            ),
        ),
        (
            kinds.DEPLOYMENTS,
            {"replicas": 1.5},
            'spec.replicas: Invalid value: "number": spec.replicas in body must be of type integer: "number"',
        ),
    ],
)
def test_a_wrong_type_is_told_as_kubernetes_does(resource, spec, told):
    assert [each.text() for each in findings(resource, {"metadata": {}, "spec": spec}).mistyped] == [told]


@pytest.mark.parametrize(
    ("resource", "spec", "told"),
    [
        (kinds.DESTINATION_RULES, {}, "spec.host: Required value"),
        (
            kinds.DESTINATION_RULES,
            {"host": "a", "trafficPolicy": {"proxyProtocol": {"version": "V3"}}},
            'spec.trafficPolicy.proxyProtocol.version: Unsupported value: "V3": supported values: "V1", "V2"',
        ),
        (
            kinds.VIRTUAL_SERVICES,
            {"http": [{"match": [{"port": -1}]}]},
            (
                "spec.http[0].match[0].port: Invalid value: -1: "
                "spec.http[0].match[0].port in body should be greater than or equal to 0"
            ),
        ),
        (
            kinds.VIRTUAL_SERVICES,
            {"http": [{"timeout": "x"}]},
            'spec.http[0].timeout: Invalid value: "x": must be a valid duration greater than 1ms',
        ),
        (
            kinds.SERVICE_ENTRIES,
            {"hosts": ["a"], "ports": [{"name": "a", "number": 1}, {"name": "a", "number": 2}]},
            'spec.ports[1]: Duplicate value: {"name":"a"}',
        ),
        (
            kinds.HTTP_ROUTES,
            {"hostnames": ["a_b"]},
            'spec.hostnames[0]: Invalid value: "a_b": spec.hostnames[0] in body should match \''
            + WILDCARD_DOMAIN
            + "'",
        ),
    ],
)
def test_a_violation_is_told_as_kubernetes_does(resource, spec, told):
    assert told in [each.text() for each in findings(resource, {"metadata": {}, "spec": spec}).causes]


def test_openapi_carries_what_kubectl_merges_by():
    document = msgspec.json.decode(openapi.document_v3("apps", "v1"))
    schema = document["components"]["schemas"]["io.k8s.api.apps.v1.Deployment"]
    containers = schema["properties"]["spec"]["properties"]["template"]["properties"]["spec"]["properties"][
        "containers"
    ]
    assert containers["x-kubernetes-patch-merge-key"] == "name"
    patch = document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"]
    assert "fieldValidation" in {each["name"] for each in patch["parameters"]}
