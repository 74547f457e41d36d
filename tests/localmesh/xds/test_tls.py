"""TLS at gateways and towards destinations: certificates, names, and what cannot be."""

import pytest

from localmesh import xds
from localmesh.xds import Credential
from tests.localmesh.xds.objects import (
    REVIEWS,
    SLICES,
    cluster,
    destination_rule,
    edge,
    gateway,
    gateway_api,
    http_route,
    k8s_gateway,
    listener,
    mesh,
    router,
    server,
    service,
    to,
    virtual_service,
)  # fmt: skip

NAME = f"outbound|9080||{REVIEWS}"
OWN = {("bookinfo", "mine"): Credential("certificate", "key", "authority")}
AT_EDGE = {
    ("istio-system", "edge"): Credential("certificate", "key"),
    ("istio-system", "callers"): Credential("certificate", "key", "authority"),
    ("istio-system", "split"): Credential("certificate", "key"),
    ("istio-system", "split-cacert"): Credential(authority="authority"),
    ("istio-system", "broken"): Credential(problem="OpenSSL does not take it"),
    ("bookinfo", "own"): Credential("certificate", "key"),
}


def towards(spec, *, roots="/roots.pem", name=NAME, services=None):
    made = mesh(
        destination_rule(trafficPolicy={"tls": spec}), credentials=OWN, system_roots=roots, services=services
    )
    return cluster(made, name)


def context(of):
    return of["transport_socket"]["typed_config"]


def upstream_options(of):
    (found,) = of["typed_extension_protocol_options"].values()
    return found["upstream_http_protocol_options"]


def test_without_tls_connections_are_open():
    assert "transport_socket" not in towards({"mode": "DISABLE"})


def test_simple_tls_checks_the_server_by_what_the_machine_trusts_and_by_the_hosts_own_name():
    found = towards({"mode": "SIMPLE"})
    assert context(found)["common_tls_context"] == {
        "validation_context": {"trusted_ca": {"filename": "/roots.pem"}}
    }
    assert upstream_options(found) == {"auto_sni": True, "auto_san_validation": True}


def test_names_can_be_given():
    found = towards({"mode": "SIMPLE", "sni": "x.example", "subjectAltNames": ["y.example"]})
    assert context(found)["sni"] == "x.example"
    matchers = context(found)["common_tls_context"]["validation_context"]["match_typed_subject_alt_names"]
    assert {"san_type": "DNS", "matcher": {"exact": "y.example"}} in matchers
    assert "typed_extension_protocol_options" not in found


def test_the_check_can_be_left_out():
    found = towards({"mode": "SIMPLE", "insecureSkipVerify": True}, roots="")
    assert context(found)["common_tls_context"] == {}
    assert upstream_options(found) == {"auto_sni": True}


def test_mutual_tls_shows_a_certificate_of_a_secret():
    common = context(towards({"mode": "MUTUAL", "credentialName": "mine"}))["common_tls_context"]
    assert common["tls_certificates"] == [
        {"certificate_chain": {"inline_string": "certificate"}, "private_key": {"inline_string": "key"}}
    ]
    assert common["validation_context"] == {"trusted_ca": {"inline_string": "authority"}}


def test_http2_is_agreed_upon():
    found = towards({"mode": "SIMPLE"}, services=[service("reviews", {"port": 9080, "name": "grpc"})])
    assert context(found)["common_tls_context"]["alpn_protocols"] == ["h2"]


def test_a_port_may_be_protected_alone():
    policy = {"portLevelSettings": [{"port": {"number": 9080}, "tls": {"mode": "SIMPLE"}}]}
    made = mesh(destination_rule(trafficPolicy=policy), system_roots="/roots.pem")
    assert "transport_socket" in cluster(made, NAME)


@pytest.mark.parametrize(
    ("spec", "path", "words"),
    [
        ({"mode": "ISTIO_MUTUAL"}, "mode", "no certificate authority"),
        ({"mode": "MUTUAL"}, "credentialName", "name a Secret"),
        ({"mode": "MUTUAL", "credentialName": "none"}, "credentialName", "no Secret bookinfo/none"),
        ({"mode": "SIMPLE", "caCertificates": "/etc/ca.pem"}, "caCertificates", "no files of their own"),
        (
            {"mode": "SIMPLE", "clientCertificate": "/etc/c.pem", "insecureSkipVerify": True},
            "clientCertificate",
            "files",
        ),
        ({"mode": "SIMPLE"}, "caCertificates", "no bundle"),
        ({"mode": "SIMPLE", "insecureSkipVerify": True, "sni": "/" * 300}, "sni", "not a host name"),
    ],
)
def test_what_cannot_be_is_named_and_connections_stay_open(spec, path, words):
    rule = destination_rule(trafficPolicy={"tls": spec})
    made = mesh(rule, credentials=OWN)
    problems = {each.path: each.reason for each in xds.report(made, rule)}
    assert words in problems[f"spec.trafficPolicy.tls.{path}"]


def https(*hosts, port=8443, mode="SIMPLE", credential="edge", **tls):
    spec = {"mode": mode, "credentialName": credential, **tls}
    return {**server(*hosts, port=port, protocol="HTTPS"), "tls": spec}


def chains(*rules, services=None):
    """The chains of the router's listeners, by port."""
    made = mesh(*rules, credentials=AT_EDGE, services=services)
    found = xds.configure(made, router(made)).listeners
    return {each["address"]["socket_address"]["port_value"]: each["filter_chains"] for each in found}


def problems(rule, *others):
    return [each.path for each in xds.report(mesh(rule, *others, credentials=AT_EDGE), rule)]


def bound(host="*", **spec):
    return virtual_service(
        {"route": [to("reviews")]}, hosts=[host], name="in", gateways=["bookinfo-gateway"], **spec
    )


def test_a_server_shows_its_certificate_to_those_who_ask_for_its_names():
    (chain,) = chains(gateway(https("a.example", "shop/*.b.example")), bound("a.example"))[8443]
    assert chain["filter_chain_match"] == {
        "transport_protocol": "tls",
        "server_names": ["a.example", "*.b.example"],
    }
    common = context(chain)["common_tls_context"]
    assert common["alpn_protocols"] == ["h2", "http/1.1"]
    assert common["tls_certificates"][0]["certificate_chain"] == {"inline_string": "certificate"}
    assert problems(gateway(https("a.example")), bound("a.example")) == []


def test_each_server_has_routes_of_its_own():
    servers = [https("a.example"), https("b.example", credential="callers"), server(port=8080)]
    made = mesh(gateway(*servers), bound("a.example"), credentials=AT_EDGE)
    found = {
        each["name"]: [host["name"] for host in each["virtual_hosts"]]
        for each in xds.configure(made, router(made)).routes
    }
    assert found == {
        "http.8080": ["a.example"], "https.8443.bookinfo/bookinfo-gateway.0": ["a.example"],
        "https.8443.bookinfo/bookinfo-gateway.1": [],
    }  # fmt: skip


def test_a_server_for_every_host_asks_for_no_name():
    (chain,) = chains(gateway(https()), bound())[8443]
    assert chain["filter_chain_match"] == {"transport_protocol": "tls"}


@pytest.mark.parametrize("credential", ["callers", "split"])
def test_mutual_tls_checks_callers(credential):
    tls = {"mode": "MUTUAL", "credential": credential, "subjectAltNames": ["me"]}
    found = context(chains(gateway(https(**tls)), bound())[8443][0])
    assert found["require_client_certificate"] is True
    checked = found["common_tls_context"]["validation_context"]
    assert checked["trusted_ca"] == {"inline_string": "authority"}
    optional = context(chains(gateway(https(**{**tls, "mode": "OPTIONAL_MUTUAL"})), bound())[8443][0])
    assert optional["require_client_certificate"] is False


def test_versions_of_tls():
    tls = {"minProtocolVersion": "TLSV1_2", "maxProtocolVersion": "TLSV1_3"}
    found = context(chains(gateway(https(**tls)), bound())[8443][0])
    assert found["common_tls_context"]["tls_params"] == {
        "tls_minimum_protocol_version": "TLSv1_2", "tls_maximum_protocol_version": "TLSv1_3",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        (https(credential="none"), "tls.credentialName"),
        (https(credential="broken"), "tls.credentialName"),
        (https(mode="MUTUAL"), "tls.credentialName"),
        (https(credential=""), "tls.credentialName"),
        (https(mode="ISTIO_MUTUAL"), "tls.mode"),
        (https(cipherSuites=["X"]), "tls.cipherSuites"),
    ],
)
def test_a_server_that_cannot_be_is_named_and_the_others_go_on(spec, path):
    rule = gateway(spec, server(port=8080))
    assert problems(rule) == [f"spec.servers[0].{path}"]
    assert 8080 in chains(rule, bound())


def test_an_open_server_can_send_everybody_to_https():
    made = mesh(
        gateway({**server("a.example", "b.example"), "tls": {"httpsRedirect": True}}), bound("a.example")
    )
    (configuration,) = xds.configure(made, router(made)).routes
    found = {
        each["name"]: (each["require_tls"], bool(each["routes"])) for each in configuration["virtual_hosts"]
    }
    assert found == {"a.example": ("ALL", True), "b.example": ("ALL", False)}


def test_a_gateway_passes_tls_on_by_its_name():
    secure = service("store", {"port": 443, "name": "tls"})
    passing = {**server("*.example", port=8443, protocol="TLS"), "tls": {"mode": "PASSTHROUGH"}}
    tls = [
        {"match": [{"sniHosts": ["a.example", "x.test"]}], "route": [to("store", port=443)]},
        {"match": [{"port": 1, "sniHosts": ["b.example"]}], "route": [to("store", port=443)]},
    ]
    rule = virtual_service(tls=tls, hosts=["*.example"], name="in", gateways=["bookinfo-gateway"])
    (chain,) = chains(gateway(passing), rule, services=[secure])[8443]
    assert chain["filter_chain_match"]["server_names"] == ["a.example"]
    assert chain["filters"][0]["typed_config"]["cluster"] == "outbound|443||store.bookinfo.svc.cluster.local"


@pytest.mark.parametrize("tls", [{}, {"mode": "SIMPLE", "credentialName": "edge"}])
def test_a_gateway_routes_connections(tls):
    protocol = "TLS" if tls else "TCP"
    spec = {**server(port=5432, protocol=protocol), **({"tls": tls} if tls else {})}
    rule = virtual_service(
        tcp=[{"route": [to("db", port=5432)]}], hosts=["*"], name="in", gateways=["bookinfo-gateway"]
    )
    (chain,) = chains(gateway(spec), rule, services=[service("db", {"port": 5432, "name": "tcp"})])[5432]
    assert chain["filters"][0]["typed_config"]["cluster"] == "outbound|5432||db.bookinfo.svc.cluster.local"
    assert ("transport_socket" in chain) == bool(tls)


def test_a_port_cannot_be_for_requests_and_connections_at_once():
    rule = gateway(server(port=8080), server(port=8080, protocol="TCP"))
    (problem,) = xds.report(mesh(rule), rule)
    assert (problem.path, problem.conflict) == ("spec.servers[1].port", True)


INGRESS = service(
    "istio-ingressgateway", {"port": 443, "name": "https", "targetPort": 8443}, namespace="istio-system",
    selector={"istio": "ingressgateway"},
)  # fmt: skip


def at_listener(tls, *others):
    rule = k8s_gateway(listener(port=443, protocol="HTTPS", tls=tls))
    route = http_route({"backendRefs": [{"name": "reviews", "port": 9080}]}, parents=[edge()])
    made = mesh(
        rule, route, *others, credentials=AT_EDGE, services=[INGRESS, service("reviews")], slices=SLICES
    )
    listeners = xds.configure(made, router(made)).listeners
    return bool(listeners), [(each.path, each.code) for each in xds.report(made, rule)]


def test_a_listener_of_the_gateway_api_names_a_secret_of_its_namespace():
    assert at_listener({"certificateRefs": [{"name": "own"}]}) == (True, [])


def test_a_listener_without_a_usable_certificate_is_named():
    path = "spec.listeners[0].tls.certificateRefs[0]"
    assert at_listener({"certificateRefs": [{"name": "none"}]}) == (False, [(path, "InvalidCertificateRef")])
    elsewhere = {"certificateRefs": [{"name": "edge", "namespace": "istio-system"}]}
    assert at_listener(elsewhere) == (False, [(path, "RefNotPermitted")])
    grant = {
        "from": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "namespace": "bookinfo"}],
        "to": [{"group": "", "kind": "Secret"}],
    }
    allowed = gateway_api("ReferenceGrant", "grant", grant, namespace="istio-system")
    assert at_listener(elsewhere, allowed) == (True, [])


def test_a_redirect_does_not_name_the_port_of_https():
    redirect = virtual_service(
        {"redirect": {"uri": "/x", "derivePort": "FROM_REQUEST_PORT"}},
        hosts=["*"],
        name="in",
        gateways=["bookinfo-gateway"],
    )
    made = mesh(gateway(https(port=443)), redirect, credentials=AT_EDGE)
    (configuration,) = xds.configure(made, router(made)).routes
    assert "port_redirect" not in configuration["virtual_hosts"][0]["routes"][0]["redirect"]
