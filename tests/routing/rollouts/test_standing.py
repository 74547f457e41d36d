"""Which rule stands, and what of it somebody else changed, in words."""

import copy

import pytest

from routing import expressions
from routing.istio import set_fault
from routing.rollouts.standing import NOTHING, foreign, is_shadowed, match_of, route_name, standing
from routing.rollouts.states import Rule
from routing.rules import Delay, Fault, HeaderMatch
from tests.routing.rollouts.scenes import STRATEGIES, planned, seen, spec, written
from tests.routing.stage import destination_rule, route, to_whole, virtual_service

COOKIE, HEADER, MIRROR = (
    next(each for each in STRATEGIES if each.kind == kind) for kind in ("cookie", "header", "mirror")
)
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
NAME = route_name("bookinfo", "reviews")


def stands(*http, asked=None, subsets=SUBSETS):
    manifests = [virtual_service("reviews", list(http)), *([subsets] if subsets else [])]
    return standing(seen(manifests), asked or spec())


@pytest.mark.parametrize(
    ("destinations", "rule"),
    [
        ([("v1", 100)], Rule(0)),
        ([("v3", 100)], Rule(100)),
        ([("v1", 95), ("v3", 5)], Rule(5)),
        ([("v1", 1), ("v3", 3)], Rule(75)),
        ([("v1", 19), ("v3", 1)], Rule(5)),
        ([("v1", 2), ("v3", 1)], NOTHING),
        ([("v1", 199), ("v3", 1)], NOTHING),
        ([("v1", 50), ("v2", 25), ("v3", 25)], NOTHING),
        ([("v1", 75), ("v2", 0), ("v3", 25)], Rule(25)),
        ([("v2", 100)], NOTHING),
        ([("v1", 0), ("v3", 0)], NOTHING),
        ([("v1", 60), ("v3", 10), ("v1", 10), ("v3", 20)], Rule(30)),
    ],
)
def test_the_weight_that_stands_is_the_canarys_part_in_whole_percent(destinations, rule):
    assert stands({"route": route(*destinations)}) == rule


def test_no_weight_stands_where_nothing_is_weighed():
    assert standing(seen([SUBSETS]), spec()) == NOTHING
    assert stands({"route": to_whole()}) == NOTHING
    assert stands({"redirect": {"uri": "/x"}}) == NOTHING
    assert stands({"match": [{"uri": {"exact": "/x"}}], "route": route(("v1", 100))}) == NOTHING
    assert stands({"route": route(("v1", 100))}, subsets=None) == NOTHING


def test_what_stands_behind_the_default_route_or_for_some_requests_only_is_not_it():
    jason = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": route(("v3", 100))}
    assert stands(jason, {"route": route(("v1", 100))}, {"route": route(("v3", 100))}) == Rule(0)


def test_copies_that_a_fault_makes_hide_nothing():
    fault = Fault("bookinfo", "reviews", Delay(50, "2s"), None, HeaderMatch("end-user", "jason"))
    for strategy in (HEADER, MIRROR, STRATEGIES[0]):
        rule = Rule(0, mirror=strategy is MIRROR, match=strategy is HEADER)
        there = written(resources(), spec(strategy), rule)
        there[0] = set_fault(there[0], fault)[0]
        assert (standing(seen(there), spec(strategy)), foreign(seen(there), spec(strategy), rule)) == (
            rule,
            "",
        )


def test_a_mirror_or_a_route_counts_for_the_strategy_that_has_one_only():
    mirrored = {"route": route(("v1", 100)), "mirror": {"host": "reviews", "subset": "v3"}}
    assert stands(mirrored) == Rule(0)
    assert stands(mirrored, asked=spec(MIRROR)) == Rule(0, mirror=True)
    own = {"name": NAME, "match": [{"port": 1}], "route": route(("v3", 100))}
    assert stands(own, {"route": route(("v1", 100))}) == Rule(0)
    assert stands(own, {"route": route(("v1", 100))}, asked=spec(HEADER)) == Rule(0, match=True)


def test_a_subset_that_comes_to_select_another_version_is_that_versions():
    moved = copy.deepcopy(SUBSETS)
    moved["spec"]["subsets"][2]["labels"] = {"version": "v2"}
    there = {"route": route(("v1", 75), ("v3", 25))}
    assert stands(there, subsets=moved) == NOTHING
    said = foreign(seen([virtual_service("reviews", [there]), moved]), spec(), Rule(25))
    assert said == "No subset of DestinationRule bookinfo/reviews selects the pods of v3 any more."


def resources():
    return [virtual_service("reviews", [{"route": route(("v1", 100))}]), copy.deepcopy(SUBSETS)]


class TestForeign:
    """Each kind of edit of what a rollout owns, in words of its own."""

    def told(self, strategy, rule, edit):
        """What is said after an edit of the http rules, and what stands."""
        asked = spec(strategy)
        there = written(resources(), asked, rule)
        assert foreign(seen(there), asked, rule) == ""
        edit(there[0]["spec"]["http"])
        return foreign(seen(there), asked, rule), standing(seen(there), asked)

    def own(self, edit):
        """As `told`, of the rollout's own route, which stands first."""
        return self.told(HEADER, Rule(5, match=True), lambda rules: edit(rules[0]))

    def test_other_weights(self):
        def swap(rules):
            rules[0]["route"].reverse()
            rules[0]["route"][0]["weight"], rules[0]["route"][1]["weight"] = 40, 60

        said, stood = self.told(STRATEGIES[0], Rule(5), swap)
        assert stood == Rule(40)
        assert "other weights now (v3 40 %, v1 60 %); this rollout wrote 5 % for v3" in said

    def test_a_third_version(self):
        def third(rules):
            rules[0]["route"].append({"destination": {"host": "reviews", "subset": "v2"}, "weight": 10})

        said, stood = self.told(STRATEGIES[0], Rule(5), third)
        assert stood == NOTHING
        assert "v2" in said

    def test_a_route_before_the_default_one_that_takes_everything(self):
        said, stood = self.told(
            STRATEGIES[0], Rule(5), lambda rules: rules.insert(0, {"route": route(("v2", 100))})
        )
        assert (stood, "v2 100 %" in said) == (NOTHING, True)

    def test_the_mirror_weakened_taken_away_or_put_back(self):
        def weakened(rules):
            rules[0]["mirrors"][0]["percentage"] = {"value": 10}

        assert "gets 10 % of the requests now" in self.told(MIRROR, Rule(0, mirror=True), weakened)[0]
        said, stood = self.told(MIRROR, Rule(0, mirror=True), lambda rules: rules[0].pop("mirrors"))
        assert (stood, "was taken from" in said) == (Rule(0), True)
        back = {"host": "reviews", "subset": "v3"}
        said, stood = self.told(MIRROR, Rule(5), lambda rules: rules[0].update(mirror=back))
        assert (stood, "Somebody mirrors" in said) == (Rule(5, mirror=True), True)

    @pytest.mark.parametrize(
        "edit",
        [
            lambda rule: rule.update(match=[{"headers": {"x-canary": {"exact": "never"}}}]),
            lambda rule: rule["match"].append({"uri": {"prefix": "/x"}}),
            lambda rule: rule["match"][0].update(uri={"prefix": "/x"}),
            lambda rule: rule.pop("match"),
            lambda rule: rule.update(route=route(("v1", 100))),
            lambda rule: rule.update(route=route(("v1", 50), ("v3", 50))),
            lambda rule: (rule.pop("route"), rule.update(redirect={"uri": "/x"})),
        ],
    )
    def test_its_own_route_edited(self, edit):
        said, _ = self.own(edit)
        assert f"Route {NAME} of VirtualService bookinfo/reviews was changed" in said

    def test_its_own_route_taken_away_or_brought_back(self):
        said, stood = self.told(HEADER, Rule(5, match=True), lambda rules: rules.pop(0))
        assert (stood, "was taken from" in said) == (Rule(5), True)
        asked = spec(HEADER)
        there = written(resources(), asked, Rule(0, match=True))
        assert "came back" in foreign(seen(there), asked, Rule())

    def test_its_own_route_behind_one_that_takes_its_requests(self):
        wide = {"match": [{"headers": {"x-canary": {"prefix": "al"}}}], "route": route(("v1", 100))}
        said, _ = self.told(HEADER, Rule(5, match=True), lambda rules: rules.insert(0, wide))
        assert "stands before" in said

    def test_its_own_route_behind_one_for_others_is_fine_and_stays_there(self):
        asked, rule = spec(HEADER), Rule(5, match=True)
        there = written(resources(), asked, rule)
        jason = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": route(("v2", 100))}
        there[0]["spec"]["http"].insert(0, jason)
        assert (foreign(seen(there), asked, rule), is_shadowed(seen(there))) == ("", False)
        after = written(there, asked, Rule(25, match=True))
        assert after[0]["spec"]["http"][0] == jason

    def test_what_it_carries_may_be_edited_there_too(self):
        said, stood = self.own(lambda rule: rule.update(timeout="9s", retries={"attempts": 1}))
        assert (said, stood) == ("", Rule(5, match=True))

    def test_each_edit_is_mended_by_writing_the_rule_again(self):
        asked, rule = spec(HEADER), Rule(5, match=True)
        there = written(resources(), asked, rule)
        there[0]["spec"]["http"][0]["route"] = route(("v2", 100))
        wide = {"match": [{"headers": {"x-canary": {"exact": "always"}}}], "route": route(("v1", 100))}
        there[0]["spec"]["http"].insert(0, wide)
        assert planned(there, asked, rule).operations
        after = written(there, asked, rule)
        assert (foreign(seen(after), asked, rule), standing(seen(after), asked)) == ("", rule)
        assert after[0]["spec"]["http"][0]["name"] == NAME


def test_two_subsets_for_one_version_are_no_edit_of_anybody():
    asked, rule = spec(HEADER), Rule(5, match=True)
    canary = destination_rule("reviews", ["v1"])
    canary["spec"]["subsets"].append({"name": "canary", "labels": {"version": "v3"}})
    there = written([resources()[0], canary], asked, rule)
    more = there[1]["spec"]["subsets"]
    more.append({"name": "v3", "labels": {"version": "v3"}})
    assert (standing(seen(there), asked), foreign(seen(there), asked, rule)) == (rule, "")


def test_the_cookie_is_an_expression_that_envoy_takes_whatever_the_value():
    odd = COOKIE.__class__("cookie", "a.b", 'x"\\d+(é) $^|{2}[y]')
    expressions.compiled(match_of(odd)["headers"]["cookie"]["regex"])


def test_the_route_is_named_alike_for_a_service_and_unlike_for_two_that_begin_alike():
    long = "s" * 40
    assert route_name("bookinfo", long + "a") != route_name("bookinfo", long + "b")
    assert route_name("bookinfo", long) == route_name("bookinfo", long)
    assert len(route_name("n" * 63, "s" * 63)) <= 63


def http_route(namespace):
    parent = {"group": "", "kind": "Service", "name": "reviews", "namespace": "bookinfo"}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "reviews", "namespace": namespace},
        "spec": {"parentRefs": [parent], "rules": [{"backendRefs": [{"name": "reviews-v1", "port": 9080}]}]},
    }


def test_an_http_route_that_comes_into_force_is_told_and_a_consumers_is_not():
    there = written(resources(), spec(), Rule(5))
    said = foreign(seen([*there, http_route("bookinfo")]), spec(), Rule(5))
    assert (
        said == "HTTPRoute bookinfo/reviews came into force for reviews, in the place of its VirtualService."
    )
    assert foreign(seen([*there, http_route("shop")]), spec(), Rule(5)) == ""


def test_objects_of_other_namespaces_are_not_named():
    there = written(resources(), spec(), Rule(5))
    other = virtual_service(
        "x", [{"route": to_whole()}], "vault", hosts=["reviews.bookinfo.svc.cluster.local"]
    )
    said = foreign(seen([*there, other]), spec(), Rule(5))
    assert said.startswith("VirtualService bookinfo/reviews, a VirtualService of another namespace all claim")
    assert "vault" not in said
