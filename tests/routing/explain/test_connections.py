"""TCP by port and address, TLS by the server's name."""

from routing import explain
from tests.routing.explain.worlds import ask, gateway, reasons, shares, to, verdicts, world
from tests.routing.stage import destination_rule, service, virtual_service


def database(*tcp, port_name="tcp-db", kind="tcp"):
    made = service("db", port=3306)
    made["spec"]["ports"][0]["name"] = port_name
    made["spec"]["clusterIP"] = "10.0.0.9"
    rules = virtual_service("db", [], **{kind: list(tcp)})
    return world(made, rules, destination_rule("db", ["v1", "v2"]))


def at(subset, **match):
    return (
        {"match": [match], "route": [to(subset, host="db")]} if match else {"route": [to(subset, host="db")]}
    )


def test_the_first_tcp_rule_that_matches_is_taken():
    found = ask(database(at("v1", port=1), at("v2")), "db")
    assert (shares(found), found.protocol) == ({"v2": 1.0}, "tcp")
    assert reasons(found)[0] == "The rule is for port 1; this goes to port 3306."


def test_tcp_shares_are_by_weight():
    rule = {"route": [to("v1", 3, host="db"), to("v2", 1, host="db")]}
    assert shares(ask(database(rule), "db")) == {"v1": 0.75, "v2": 0.25}


def test_without_a_tcp_rule_that_matches_the_service_itself_gets_it():
    found = ask(database(at("v1", port=1)), "db")
    assert (found.outcome, shares(found)) == ("forwarded", {"db": 1.0})


def test_a_tcp_rule_can_ask_for_an_address():
    rules = at("v1", destinationSubnets=["10.1.0.0/16"]), at("v2", destinationSubnets=["10.0.0.0/24"])
    found = ask(database(*rules), "db")
    assert shares(found) == {"v2": 1.0}
    assert reasons(found)[0] == "The address is 10.0.0.9; the rule asks for one in 10.1.0.0/16."


def test_the_most_precise_server_name_wins_whatever_the_order():
    rules = at("v1", sniHosts=["*.example"]), at("v2", sniHosts=["a.example"])
    where = database(*rules, port_name="tls-db", kind="tls")
    found = ask(where, "db", sni="a.example")
    assert (shares(found), verdicts(found)) == ({"v2": 1.0}, ["not_matched", "taken"])
    assert reasons(found)[0] == "It matches too, but rule 2 names the server more precisely."
    assert shares(ask(where, "db", sni="b.example")) == {"v1": 1.0}


def test_a_server_name_that_no_tls_rule_is_for_gets_nowhere():
    where = database(at("v1", sniHosts=["a.example"]), port_name="tls-db", kind="tls")
    found = ask(where, "db", sni="c.example")
    assert (found.outcome, found.destinations) == ("no_listener", ())
    assert reasons(found) == ['The server\'s name is "c.example"; the rule asks for "a.example".']


def test_a_gateway_passes_tls_through_by_the_servers_name():
    rules = virtual_service(
        "edge", [], hosts=["a.example"], gateways=["front"], tls=[at("v1", sniHosts=["a.example"])]
    )
    front = gateway("*", port=443, protocol="TLS", tls={"mode": "PASSTHROUGH"})
    made = service("db", port=443)
    where = world(front, rules, made, destination_rule("db", ["v1"]))
    found = ask(where, "a.example", caller=explain.Caller(gateway="bookinfo/front"))
    assert (found.protocol, shares(found)) == ("tls", {"v1": 1.0})
