"""What holds for every mesh: generated rules, sensible and not."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localmesh import xds
from tests.localmesh.xds import rules
from tests.localmesh.xds.objects import REVIEWS, mesh, outbound, proxy, router, routes, to

# Other tests on the same machine may take its cores: slow is no failure here.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@settings(PATIENT, max_examples=60)
@given(
    rules.some_rules(),
    st.randoms(),
)
def test_configuration_depends_on_the_rules_and_not_on_their_order(some, rng):
    shuffled = list(some)
    rng.shuffle(shuffled)
    one, other = mesh(*some), mesh(*shuffled)
    for which in (proxy(one), router(one)):
        assert xds.configure(one, which) == xds.configure(other, which)
        assert xds.configure(one, which).version == xds.configure(other, which).version


@settings(PATIENT, max_examples=100)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6).filter(any))
def test_envoys_weights_are_the_rules_relative_weights(weights):
    (found,) = routes({"route": [to(subset=f"v{index}", weight=each) for index, each in enumerate(weights)]})
    members = {each["name"]: each["weight"] for each in found["route"]["weighted_clusters"]["clusters"]}
    expected = {f"outbound|9080|v{index}|{REVIEWS}": each for index, each in enumerate(weights) if each}
    assert members == expected


@settings(PATIENT, max_examples=60)
@given(rules.virtual_services(), st.lists(rules.destination_rules(), max_size=2))
def test_every_cluster_that_a_route_names_exists_or_the_rule_is_reported(rule, others):
    made = mesh(rule, *others)
    config = xds.configure(made, proxy(made))
    existing = {cluster["name"] for cluster in config.clusters}
    missing = xds.clusters_used([*config.routes, *config.listeners]) - existing
    assert not missing or xds.report(made, rule)


@settings(PATIENT, max_examples=60)
@given(rules.virtual_services())
def test_a_rule_without_a_problem_loses_no_route(rule):
    made = mesh(rule)
    if not xds.report(made, rule) and rule["spec"]["hosts"] == ["reviews"]:
        expected = sum(len(each.get("match") or [{}]) for each in rule["spec"]["http"])
        assert len(outbound(made)) == expected


@settings(PATIENT, max_examples=60)
@given(rules.some_rules())
def test_no_domain_is_claimed_twice(some):
    made = mesh(*some)
    for which in (proxy(made), router(made)):
        for configuration in xds.configure(made, which).routes:
            domains = [each for host in configuration["virtual_hosts"] for each in host["domains"]]
            assert len(domains) == len(set(domains))


@settings(PATIENT, max_examples=60)
@given(rules.some_rules())
def test_what_is_said_of_a_rule_never_fails(some):
    made = mesh(*some)
    for rule in some:
        assert all(problem.path and problem.reason for problem in xds.report(made, rule))


@settings(PATIENT, max_examples=60)
@given(rules.http_routes_of_gateway_api())
def test_every_missing_cluster_of_a_route_is_500_and_reported(route):
    made = mesh(route)
    config = xds.configure(made, proxy(made))
    missing = xds.clusters_used(config.routes) - {cluster["name"] for cluster in config.clusters}
    assert not missing or any(problem.code for problem in xds.report(made, route))
