"""A text from a person: every problem at its field and line."""

import json

import pytest

from cluster import connection, kinds
from cluster.errors import Forbidden
from routing import validating
from routing.problems import error
from tests.people import own
from tests.yaml.world import VIRTUAL_SERVICE, changed, defined


@pytest.fixture(scope="module")
def person():
    return own(defined())


def said(text, person, **options):
    """What is said of a text: (code, path, line)."""
    found = validating.check(text, person, **options)
    return [(one["code"], one["path"], one["line"]) for one in map(validating.Placed.to_json, found.problems)]


def test_a_sound_resource_has_no_problem(person):
    found = validating.check(VIRTUAL_SERVICE, person)
    assert found.problems == ()
    assert found.valid
    assert found.kind == kinds.VIRTUAL_SERVICE
    assert found.manifest["spec"]["hosts"] == ["reviews"]


def test_json_is_checked_like_yaml(person):
    manifest = validating.check(VIRTUAL_SERVICE, person).manifest
    assert said(json.dumps(manifest, indent=1), person) == []
    manifest["spec"]["http"][0]["timout"] = "3s"
    ((code, path, line),) = said(json.dumps(manifest, indent=1), person)
    assert (code, path) == ("UNKNOWN_FIELD", "spec.http[0].timout")
    assert '"timout"' in json.dumps(manifest, indent=1).splitlines()[line - 1]


HEADERS = "    headers:\n      "
WRONG = {
    "a misspelt field": (changed("    route:", "    ruote:"), "UNKNOWN_FIELD", "spec.http[0].ruote", 14),
    "text for a list": (changed("  hosts:\n  - reviews", "  hosts: reviews"), "WRONG_FIELD", "spec.hosts", 7),
    "two forms of a match": (
        changed("exact: jason", "exact: jason\n          prefix: j"),
        "WRONG_FIELD", 'spec.http[0].match[0].headers.end-user', 12,
    ),
    "a missing host": (
        changed("        host: reviews\n        subset: v2", "        subset: v2"),
        "WRONG_FIELD", "spec.http[0].route[0].destination.host", 15,
    ),
    "an unknown kind": (changed("kind: VirtualService", "kind: VirtualServce"), "UNKNOWN_KIND", "kind", 2),
    "another group": (changed("networking.", "security."), "UNKNOWN_KIND", "apiVersion", 1),
    "an unknown version": (changed("istio.io/v1", "istio.io/v7"), "UNKNOWN_KIND", "apiVersion", 1),
    "no kind": (changed("kind: VirtualService\n", ""), "NOT_A_RESOURCE", "kind", 1),
    "a list": ("- a\n- b\n", "NOT_A_RESOURCE", "", 1),
    "an impossible name": (changed("name: reviews", "name: Reviews!"), "BAD_NAME", "metadata.name", 4),
    "no name": (changed("  name: reviews\n", ""), "BAD_NAME", "metadata.name", 3),
    "an impossible namespace": (changed("e: bookinfo", "e: a.b"), "BAD_NAME", "metadata.namespace", 5),
    "an expression that RE2 refuses": (
        changed("exact: jason", "regex: (?=j)"),
        "BAD_REGEX", "spec.http[0].match[0].headers.end-user.regex", 13,
    ),
    "an expression of 1025 characters": (
        changed("exact: jason", "regex: " + "a" * 1025),
        "BAD_REGEX", "spec.http[0].match[0].headers.end-user.regex", 13,
    ),
    "a line break in a header": (
        changed("    route:", f'{HEADERS}request:\n        set:\n          x-a: "1\\r\\nx-b: 2"\n    route:'),
        "BAD_HEADER", "spec.http[0].headers.request.set.x-a", 17,
    ),
    "a header's name that is none": (
        changed("    route:", f'{HEADERS}response:\n        add:\n          "x a": "1"\n    route:'),
        "BAD_HEADER", 'spec.http[0].headers.response.add.x a', 17,
    ),
    "a header to remove that is none": (
        changed("    route:", f'{HEADERS}response:\n        remove: ["x:a"]\n    route:'),
        "BAD_HEADER", "spec.http[0].headers.response.remove[0]", 16,
    ),
    "a matched header with a line break": (
        changed("exact: jason", 'exact: "a\\nb"'),
        "BAD_HEADER", "spec.http[0].match[0].headers.end-user.exact", 13,
    ),
    "a wildcard in the middle": (changed("  - reviews", "  - reviews.*.org"), "BAD_HOST", "spec.hosts[0]", 8),
    "a wildcard within a part": (changed("  - reviews", '  - "*views.org"'), "BAD_HOST", "spec.hosts[0]", 8),
    "every host of the mesh": (changed("  - reviews", '  - "*"'), "BAD_HOST", "spec.hosts[0]", 8),
    "every host as a destination": (
        changed("        host: reviews\n        subset: v1", '        host: "*"'),
        "BAD_HOST", "spec.http[1].route[0].destination.host", 20,
    ),
    "a host that is none": (changed("  - reviews", "  - re_views"), "BAD_HOST", "spec.hosts[0]", 8),
    "a duplicate key": (changed("spec:", "kind: x\nspec:"), "NOT_YAML", "", 6),
    "two documents": (VIRTUAL_SERVICE + "---\na: 1\n", "NOT_YAML", "", 22),
    "an alias": (changed("exact: jason", "exact: *a"), "NOT_YAML", "", 13),
    "half a text": (changed("  - reviews", "  - [reviews"), "NOT_YAML", "", 9),
    "no text": ("", "NOT_A_RESOURCE", "", 1),
}  # fmt: skip


@pytest.mark.parametrize(("text", "code", "path", "line"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_at_its_field_and_line(person, text, code, path, line):
    assert said(text, person) == [(code, path, line)]
    assert not validating.check(text, person).valid


def test_a_text_of_a_megabyte_is_refused_whole(person):
    ((code, _, line),) = said(changed("jason", "j" * 1_000_000), person)
    assert (code, line) == ("NOT_YAML", 1)


GATEWAY = """\
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: edge, namespace: bookinfo}
spec:
  servers:
  - port: {number: 80, name: http, protocol: HTTP}
    hosts: ["./*.example.org", "*", "*/shop.example.org", "a b/*", "x.*.org"]
"""


def test_a_gateways_hosts_may_begin_with_a_namespace(person):
    assert said(GATEWAY, person) == [
        ("BAD_HOST", "spec.servers[0].hosts[3]", 7),
        ("BAD_HOST", "spec.servers[0].hosts[4]", 7),
    ]


def test_a_virtual_service_of_a_gateway_may_be_for_every_host(person):
    text = changed("  - reviews", '  - "*"\n  gateways: [edge]')
    assert said(text, person) == []


ROUTE = """\
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: reviews, namespace: bookinfo}
spec:
  rules:
  - matches:
    - path: {type: RegularExpression, value: "/(?<!a)"}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set: [{name: x-a, value: "a\\nb"}]
"""


def test_routes_of_the_gateway_api_are_read_as_closely(person):
    assert said(ROUTE, person) == [
        ("BAD_REGEX", "spec.rules[0].matches[0].path.value", 7),
        ("BAD_HEADER", "spec.rules[0].filters[0].requestHeaderModifier.set[0].value", 11),
    ]


def test_the_namespace_of_the_page_is_taken_where_the_text_has_none(person):
    text = changed("  namespace: bookinfo\n", "")
    assert said(text, person) == [("BAD_NAME", "metadata.namespace", 3)]
    found = validating.check(text, person, namespace="bookinfo")
    assert found.problems == ()
    assert found.manifest["metadata"]["namespace"] == "bookinfo"


def test_the_nearest_field_is_proposed(person):
    (problem,) = validating.check(changed("    route:", "    ruote:"), person).problems
    assert problem.problem.message == 'There is no field "ruote"; perhaps "route" is meant.'


def test_the_columns_are_those_of_the_fields(person):
    (problem,) = validating.check(changed("exact: jason", "regex: (?=j)"), person).problems
    assert (problem.line, problem.column) == (13, 11)


def test_findings_are_asked_only_for_a_resource_of_the_right_form(person):
    def findings(kind, manifest):
        assert kind == kinds.VIRTUAL_SERVICE
        yield ("spec", "http", 1), error("IST0001", f"about {manifest['metadata']['name']}")

    assert said(VIRTUAL_SERVICE, person, findings=findings) == [("IST0001", "spec.http[1]", 18)]
    assert validating.check(VIRTUAL_SERVICE, person, findings=findings).valid
    assert said(changed("route", "ruote"), person, findings=findings) == [
        ("UNKNOWN_FIELD", "spec.http[0].ruote", 14)
    ]


def test_where_definitions_may_not_be_read_it_says_that_fields_are_not_checked():
    def rights(identity, ask):
        return ask.kind != kinds.DEFINITION

    cluster = defined(rights=rights)
    text = changed("    route:", "    ruote:")
    ((code, path, line),) = said(text, own(cluster))
    assert (code, path, line) == ("FIELDS_NOT_CHECKED", "", 1)
    assert said(changed("exact: jason", "regex: (?=j)"), own(cluster)) == [
        ("BAD_REGEX", "spec.http[0].match[0].headers.end-user.regex", 13),
        ("FIELDS_NOT_CHECKED", "", 1),
    ]


def test_a_kind_that_the_cluster_does_not_serve_is_an_error():
    cluster = defined()
    cluster.unserved.update(kinds.GATEWAY_KINDS)
    for kind in kinds.GATEWAY_KINDS:
        cluster.remove(validating.refs.Ref(kinds.DEFINITION, "", f"{kind.plural}.{kind.group}"))
    assert said(ROUTE, own(cluster))[0] == ("UNKNOWN_KIND", "kind", 2)


def test_a_person_without_rights_on_definitions_has_the_fields_checked_all_the_same():
    """What the kinds look like is no secret: the console reads it by itself, once for all."""
    cluster = defined(rights=lambda identity, ask: identity is None or ask.kind != kinds.DEFINITION)
    with connection.override(cluster):
        ada = connection.get().acting(validating_identity())
        assert said(changed("    route:", "    ruote:"), ada) == [("UNKNOWN_FIELD", "spec.http[0].ruote", 14)]


def validating_identity():
    from cluster.identity import Identity

    return Identity("ada", ())


def test_a_failure_of_the_cluster_is_told_and_nothing_is_claimed():
    cluster = defined()
    cluster.fail_next("get", Forbidden("no", status=403))
    assert said(VIRTUAL_SERVICE, own(cluster)) == [("FIELDS_NOT_CHECKED", "", 1)]
