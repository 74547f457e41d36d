"""What is refused in Istio's objects, and at which field: one case per rule."""

import pytest
import yaml

from localmesh.apiserver import kinds
from localmesh.apiserver.admission import istio
from localmesh.apiserver.admission.problems import Denied
from localmesh.apiserver.durations import BadDuration, seconds
from localmesh.apiserver.errors import ApiError
from localmesh.apiserver.requests import Options, Target
from localmesh.apiserver.store import Store
from localmesh.apiserver.writes import Body, Writes
from tests.localmesh.apiserver.objects import split
from tests.needs import shared

STRICT = Options(field_validation="Strict")


@pytest.fixture
def writes():
    store = Store(None)
    store.create(kinds.NAMESPACES, {"metadata": {"name": "bookinfo"}})
    yield Writes(store, store._clock)
    store.close()


def refused(writes, resource, spec):
    """The fields at which a spec is refused; none when it is taken."""
    target = Target(resource, resource.version, "bookinfo")
    body = {
        "apiVersion": resource.api_version,
        "kind": resource.kind,
        "metadata": {"generateName": "a-"},
        "spec": spec,
    }
    try:
        writes.create(target, Body(body), STRICT)
    except ApiError as error:
        return [cause["field"] for cause in error.details.get("causes", [])] or [error.message]
    return []


def http(route):
    return {"hosts": ["reviews"], "http": [route]}


TO = {"route": [{"destination": {"host": "reviews"}}]}
GOOD_ROUTES = {
    "a plain route": TO,
    "a split that is not 100 in sum": split(1, 2),
    "one destination without weight": split(0),
    "a redirect": {"redirect": {"uri": "/x"}},
    "a direct response": {"directResponse": {"status": 503}},
    "a delegate": {"delegate": {"name": "other"}},
    "a delay in half of the requests": {
        **TO,
        "fault": {"delay": {"fixedDelay": "2s", "percentage": {"value": 50}}},
    },
    "an abort": {**TO, "fault": {"abort": {"httpStatus": 555, "percentage": {"value": 0.1}}}},
    "a match": {
        **TO,
        "match": [{"uri": {"regex": "/v[0-9]+/.*"}, "headers": {"end-user": {"exact": "jason"}}}],
    },
    "a header that is only there": {**TO, "match": [{"headers": {"x-canary": {}}}]},
    "retries": {
        **TO,
        "retries": {"attempts": 3, "perTryTimeout": "2s", "retryOn": "5xx,connect-failure,503"},
    },
    "a mirror": {**TO, "mirror": {"host": "reviews", "subset": "v2"}, "mirrorPercentage": {"value": 10}},
}
BAD_ROUTES = {
    "nothing to do": ({}, "spec.http[0]"),
    "an empty route": ({"route": []}, "spec.http[0]"),
    "a route and a redirect": ({**TO, "redirect": {"uri": "/"}}, "spec.http[0].redirect"),
    "a negative weight": (split(101, -1), "spec.http[0].route[1].weight"),
    "no weight at all": (split(0, 0), "spec.http[0].route"),
    "no host": ({"route": [{"destination": {"subset": "v1"}}]}, "spec.http[0].route[0].destination.host"),
    "a host that is none": (
        {"route": [{"destination": {"host": "a b"}}]},
        "spec.http[0].route[0].destination.host",
    ),
    "a wildcard host": (
        {"route": [{"destination": {"host": "*.a"}}]},
        "spec.http[0].route[0].destination.host",
    ),
    "a percentage of 101": (
        {**TO, "fault": {"abort": {"httpStatus": 500, "percentage": {"value": 101}}}},
        "spec.http[0].fault.abort.percentage.value",
    ),
    "a percentage below 0": (
        {**TO, "fault": {"delay": {"fixedDelay": "1s", "percentage": {"value": -0.1}}}},
        "spec.http[0].fault.delay.percentage.value",
    ),
    "a status of 600": (
        {**TO, "fault": {"abort": {"httpStatus": 600}}},
        "spec.http[0].fault.abort.httpStatus",
    ),
    "a status of 199": (
        {**TO, "fault": {"abort": {"httpStatus": 199}}},
        "spec.http[0].fault.abort.httpStatus",
    ),
    "an abort without status": ({**TO, "fault": {"abort": {}}}, "spec.http[0].fault.abort"),
    "a timeout of 0": ({**TO, "timeout": "0s"}, "spec.http[0].timeout"),
    "a delay of 0": ({**TO, "fault": {"delay": {"fixedDelay": "0s"}}}, "spec.http[0].fault.delay.fixedDelay"),
    "a delay below 1 ms": (
        {**TO, "fault": {"delay": {"fixedDelay": "10us"}}},
        "spec.http[0].fault.delay.fixedDelay",
    ),
    "5 parsecs": (
        {**TO, "fault": {"delay": {"fixedDelay": "5 parsecs"}}},
        "spec.http[0].fault.delay.fixedDelay",
    ),
    "a timeout without unit": ({**TO, "timeout": "5"}, "spec.http[0].timeout"),
    "a number as timeout": ({**TO, "timeout": 5}, "spec.http[0].timeout"),
    "a regex that RE2 refuses": (
        {**TO, "match": [{"uri": {"regex": "(?=x)"}}]},
        "spec.http[0].match[0].uri.regex",
    ),
    "an unclosed regex": ({**TO, "match": [{"uri": {"regex": "("}}]}, "spec.http[0].match[0].uri.regex"),
    "an endless regex": (
        {**TO, "match": [{"uri": {"regex": "a" * 1025}}]},
        "spec.http[0].match[0].uri.regex",
    ),
    "two ways to match": (
        {**TO, "match": [{"uri": {"exact": "/a", "prefix": "/"}}]},
        "spec.http[0].match[0].uri",
    ),
    "an empty prefix": ({**TO, "match": [{"uri": {"prefix": ""}}]}, "spec.http[0].match[0].uri.prefix"),
    "negative attempts": ({**TO, "retries": {"attempts": -1}}, "spec.http[0].retries.attempts"),
    "an unknown retry policy": (
        {**TO, "retries": {"attempts": 1, "retryOn": "often"}},
        "spec.http[0].retries.retryOn",
    ),
    "mirror and mirrors": (
        {**TO, "mirror": {"host": "a"}, "mirrors": [{"destination": {"host": "b"}}]},
        "spec.http[0].mirrors",
    ),
    "an empty rewrite": ({**TO, "rewrite": {}}, "spec.http[0].rewrite"),
    "a port of 0": (
        {"route": [{"destination": {"host": "a", "port": {"number": 0}}}]},
        "spec.http[0].route[0].destination.port.number",
    ),
}


@pytest.mark.parametrize("route", GOOD_ROUTES.values(), ids=GOOD_ROUTES.keys())
def test_a_sound_route_is_taken(writes, route):
    assert refused(writes, kinds.VIRTUAL_SERVICES, http(route)) == []


@pytest.mark.parametrize(("route", "field"), BAD_ROUTES.values(), ids=BAD_ROUTES.keys())
def test_a_bad_route_is_refused_at_its_field(writes, route, field):
    before = writes.store.revision
    assert field in refused(writes, kinds.VIRTUAL_SERVICES, http(route))
    assert writes.store.revision == before


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"http": [TO], "gateways": ["mesh"]}, "spec.hosts"),
        ({"tcp": [TO]}, "spec.hosts"),
        ({}, "spec.hosts"),
        ({"hosts": ["a"]}, "spec"),
        ({"hosts": ["*"], "http": [TO]}, "spec.hosts[0]"),
        ({"hosts": ["a", "a"], "http": [TO]}, "spec.hosts[1]"),
        ({"hosts": ["a_b..c"], "http": [TO]}, "spec.hosts[0]"),
        ({"hosts": ["a"], "gateways": ["a/b/c"], "http": [TO]}, "spec.gateways[0]"),
        ({"hosts": "a", "http": [TO]}, "spec.hosts"),
    ],
)
def test_a_virtual_service_needs_hosts_and_routes(writes, spec, field):
    assert field in refused(writes, kinds.VIRTUAL_SERVICES, spec)


def test_a_virtual_service_without_hosts_can_be_a_delegate(writes):
    assert refused(writes, kinds.VIRTUAL_SERVICES, {"http": [TO]}) == []
    nested = {"http": [{"delegate": {"name": "b"}}]}
    assert refused(writes, kinds.VIRTUAL_SERVICES, nested) == ["spec.http[0].delegate"]


OTHERS = [
    (kinds.DESTINATION_RULES, {"host": "a", "subsets": [{"name": "v1", "labels": {"version": "v1"}}]}, None),
    (kinds.DESTINATION_RULES, {"subsets": []}, "spec.host"),
    (
        kinds.DESTINATION_RULES,
        {"host": "a", "subsets": [{"name": "v1"}, {"name": "v1"}]},
        "spec.subsets[1].name",
    ),
    (
        kinds.DESTINATION_RULES,
        {"host": "a", "trafficPolicy": {"loadBalancer": {"simple": "FASTEST"}}},
        "spec.trafficPolicy.loadBalancer.simple",
    ),
    (
        kinds.DESTINATION_RULES,
        {"host": "a", "trafficPolicy": {"outlierDetection": {"maxEjectionPercent": 101}}},
        "spec.trafficPolicy.outlierDetection.maxEjectionPercent",
    ),
    (
        kinds.DESTINATION_RULES,
        {"host": "a", "trafficPolicy": {"connectionPool": {"tcp": {"connectTimeout": "x"}}}},
        "spec.trafficPolicy.connectionPool.tcp.connectTimeout",
    ),
    (
        kinds.GATEWAYS,
        {"servers": [{"hosts": ["*"], "port": {"number": 80, "protocol": "HTTP", "name": "http"}}]},
        None,
    ),
    (kinds.GATEWAYS, {"servers": []}, "spec.servers"),
    (kinds.GATEWAYS, {"servers": [{"hosts": ["*"]}]}, "spec.servers[0].port"),
    (
        kinds.GATEWAYS,
        {"servers": [{"port": {"number": 80, "protocol": "HTTP", "name": "http"}}]},
        "spec.servers[0].hosts",
    ),
    (
        kinds.GATEWAYS,
        {"servers": [{"hosts": ["*"], "port": {"number": 80, "protocol": "SMTP", "name": "x"}}]},
        "spec.servers[0].port.protocol",
    ),
    (
        kinds.GATEWAYS,
        {"servers": [{"hosts": ["*"], "port": {"number": 443, "protocol": "HTTPS", "name": "x"}}]},
        "spec.servers[0].tls",
    ),
    (
        kinds.SERVICE_ENTRIES,
        {
            "hosts": ["a.example"],
            "resolution": "DNS",
            "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        },
        None,
    ),
    (kinds.SERVICE_ENTRIES, {"hosts": ["*"]}, "spec.hosts[0]"),
    (kinds.SERVICE_ENTRIES, {"hosts": ["a"], "endpoints": [{"address": "1.1.1.1"}]}, "spec"),
    (kinds.SERVICE_ENTRIES, {"hosts": ["a"], "ports": [{"number": 0, "name": "x"}]}, "spec.ports[0].number"),
    (kinds.SIDECARS, {"egress": [{"hosts": ["./*"]}]}, None),
    (kinds.SIDECARS, {"egress": [{"hosts": ["*"]}]}, "spec.egress[0].hosts[0]"),
    (kinds.WORKLOAD_ENTRIES, {"address": "unix:///a/"}, "spec.address"),
    (kinds.PEER_AUTHENTICATIONS, {"mtls": {"mode": "STRICT"}}, None),
    (kinds.PEER_AUTHENTICATIONS, {"mtls": {"mode": "SOMETIMES"}}, "spec.mtls.mode"),
    (kinds.PEER_AUTHENTICATIONS, {"portLevelMtls": {"80": {"mode": "STRICT"}}}, "spec"),
    (kinds.AUTHORIZATION_POLICIES, {"rules": [{"from": [{"source": {"namespaces": ["a"]}}]}]}, None),
    (kinds.AUTHORIZATION_POLICIES, {"action": "DENY"}, "spec.rules"),
    (
        kinds.AUTHORIZATION_POLICIES,
        {"selector": {}, "targetRefs": [{"kind": "Gateway", "name": "a"}]},
        "spec",
    ),
    (
        kinds.REQUEST_AUTHENTICATIONS,
        {"jwtRules": [{"issuer": "a", "jwksUri": "ftp://x"}]},
        "spec.jwtRules[0].jwksUri",
    ),
    (kinds.HTTP_ROUTES, {"parentRefs": [{"name": "reviews", "kind": "Service", "group": ""}]}, None),
    (
        kinds.HTTP_ROUTES,
        {"rules": [{"backendRefs": [{"name": "a", "weight": -1}]}]},
        "spec.rules[0].backendRefs[0].weight",
    ),
]


@pytest.mark.parametrize(("resource", "spec", "field"), OTHERS)
def test_the_other_kinds_are_held_to_their_rules(writes, resource, spec, field):
    found = refused(writes, resource, spec)
    assert (field in found) if field else not found, found


def test_a_refusal_reads_as_istiods_webhook():
    with pytest.raises(Denied) as caught:
        istio.admit(kinds.VIRTUAL_SERVICES, {"spec": {"hosts": ["a"], "http": [{}]}})
    assert caught.value.message.startswith(
        'admission webhook "validation.istio.io" denied the request: configuration is invalid: spec.http[0]: '
    )
    assert caught.value.status()["code"] == 400


def test_the_published_manifests_are_sound(writes):
    for path in sorted(shared("bookinfo").glob("*.yaml")):
        for document in filter(None, yaml.safe_load_all(path.read_text())):
            group, _, version = document["apiVersion"].rpartition("/")
            resource = kinds.by_kind(group, document["kind"])
            writes.create(
                Target(resource, version, "bookinfo"),
                Body(document),
                Options(dry_run=True, field_validation="Strict"),
            )


@pytest.mark.parametrize(
    ("text", "length"), [("1s", 1), ("1.5s", 1.5), ("200ms", 0.2), ("1h30m", 5400), ("0", 0), ("-1s", -1)]
)
def test_a_duration_is_read_as_go_does(text, length):
    assert seconds(text) == pytest.approx(length)


@pytest.mark.parametrize("text", ["", "5", "s", "5 s", "5x", "1s ", "٣s", "1.s.", "5 parsecs"])
def test_what_go_would_not_read_is_no_duration(text):
    with pytest.raises(BadDuration):
        seconds(text)
