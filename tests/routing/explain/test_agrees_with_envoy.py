"""The explainer and a real Envoy, asked the same, say the same.

Generated VirtualServices and DestinationRules, on hosts of their own, go through localmesh's control plane
to real Envoys in one configuration; then each of many requests is sent, and explained.
"""

from collections import Counter
from dataclasses import dataclass
from math import sqrt

import msgspec
import pytest
import pytest_asyncio

from localmesh.apiserver import kinds
from routing import explain
from tests import needs
from tests.localmesh.controlplane.bed import Bed
from tests.localmesh.xds import objects
from tests.routing.explain import pairs
from tests.routing.explain.both import REVIEWS, Caller, backends, differences, explained, world_of

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CASES = 160
SEED = 20_261_128
TRIES = 120
"""Requests for one share."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bed(tmp_path_factory):
    made = Bed(tmp_path_factory.mktemp("envoys"), needs.envoy())
    await made.start()
    yield made
    await made.stop()


@dataclass
class Placed:
    """A case at its host."""

    number: int
    case: pairs.Case

    @property
    def name(self):
        return f"{self.case.kind}{self.number}"

    @property
    def host(self):
        return f"{self.name}.example" if self.case.kind in ("name", "gateway") else self.name

    @property
    def port(self):
        return {"name": 80, "service": 9080, "gateway": 8080}.get(self.case.kind, self.case.port)

    @property
    def service(self):
        """The service that its destinations mean by SELF."""
        return "reviews" if self.case.kind == "name" else self.name

    @property
    def authority(self):
        return self.host if self.case.kind in ("name", "gateway") else f"{self.host}:{self.port}"

    @property
    def caller(self):
        if self.case.kind == "gateway":
            return explain.Caller("istio-system", {"istio": "ingressgateway"}, "bookinfo/front")
        return explain.Caller("bookinfo", {"app": "productpage", "version": "v1"})

    def manifests(self):
        both = [self.virtual_service()]
        if self.case.rival:
            # The store dates what is made; of the same second, the name decides.
            both.insert(int(self.case.rival == "younger"), self.rival())
        yield from both
        if self.service != "reviews":
            for namespace, subsets in self.case.places.items():
                name = f"{self.name}-{namespace}"
                host = f"{self.name}.bookinfo.svc.cluster.local"
                yield objects.destination_rule(host, *subsets, name=name, namespace=namespace)

    def virtual_service(self):
        http = [self.marked(rule, number) for number, rule in enumerate(self.case.http, start=1)]
        gateways = ["front"] if self.case.kind == "gateway" else ["mesh"]
        return objects.virtual_service(*http, hosts=[self.host], name=self.name, gateways=gateways)

    def marked(self, rule, number):
        """The rule, naming itself in its answers, with its destinations at this case's service."""
        made = msgspec.json.decode(msgspec.json.encode(rule).replace(b'"SELF"', f'"{self.service}"'.encode()))
        made["headers"] = {
            **made.get("headers", {}),
            "response": {"set": {"x-rule": f"{self.name} {number}"}},
        }
        return made

    def rival(self):
        name = f"{'z' if self.case.rival == 'younger' else 'a'}-{self.name}"
        told = {"response": {"set": {"x-rule": f"{name} 1"}}}
        rule = {"directResponse": {"status": 299}, "headers": told}
        full = self.host if "." in self.host else f"{self.host}.bookinfo.svc.cluster.local"
        wide = self.case.rival == "wildcard"
        spec = {
            "hosts": ["*" + full[full.index(self.name) + len(self.name) - 1 :] if wide else full],
            "gateways": ["front"]
            if (self.case.kind == "gateway") != (self.case.rival == "gateway")
            else ["mesh"],
            "exportTo": {"hidden": ["."], "elsewhere": ["nowhere"]}.get(self.case.rival, ["*"]),
        }
        namespace = "shop" if self.case.rival in ("hidden", "elsewhere") else "bookinfo"
        if spec["gateways"] == ["front"]:
            spec["gateways"] = ["bookinfo/front"]
        return objects.virtual_service(rule, name=name, namespace=namespace, **spec)


async def placed(bed):
    """All cases in force, at once."""
    cases = [Placed(number, case) for number, case in enumerate(pairs.drawn(CASES, SEED), start=1)]
    for each in cases:
        if each.service != "reviews":
            _add_service(bed, each)
    subsets = objects.destination_rule("reviews", "v0", "v1", "v2", "v3")
    front = objects.gateway(objects.server("*"), name="front")
    await bed.apply(subsets, front, *(rule for each in cases for rule in each.manifests()))
    return cases


def _add_service(bed, placed):
    ports = [{"port": 9080, "name": "http"}, {"port": 8080, "name": "http-alt", "targetPort": 9080}]
    ports = ports if placed.case.kind == "ports" else ports[:1]
    made = objects.service(placed.name, *ports, selector={"app": "reviews"})
    bed.store.create(kinds.SERVICES, made)
    addresses = [bed.pods[name] for name in sorted(REVIEWS)]
    behind = objects.endpoint_slice(placed.name, *addresses)
    behind["ports"] = [{"name": port["name"], "port": 9080} for port in ports]
    bed.store.create(kinds.ENDPOINT_SLICES, behind)


def told(placed, request, found, seen, wrong):
    """A failing pair, whole."""
    rules = msgspec.json.format(msgspec.json.encode(list(placed.manifests())), indent=1).decode()
    return "\n".join(
        [
            f"case {placed.number} of seed {SEED}: {request} to {placed.authority}",
            *wrong,
            f"explained: {found.sentence}",
            *(f"  {rule.number} {rule.verdict}: {rule.reason}" for rule in found.rules),
            f"Envoy: {seen}",
            rules,
        ]
    )


async def test_explainer_and_envoy_agree_on_at_least_500_generated_pairs(bed):
    cases = await placed(bed)
    world, caller = world_of(bed), Caller(bed)
    outcomes, verdicts, failures = Counter(), Counter(), []
    for each in cases:
        for request in each.case.requests:
            found, seen = explained(world, each, request), await caller.ask(each, request)
            wrong = list(differences(found, seen))
            if wrong:
                failures.append(told(each, request, found, seen, wrong))
            outcomes[found.outcome] += 1
            verdicts.update(rule.verdict for rule in found.rules)
    assert not failures, _report(failures)
    assert outcomes.total() >= 500
    # All of it was met, so that agreement means something.
    assert {"forwarded", "redirected", "answered", "no_route"} <= outcomes.keys(), outcomes
    assert min(outcomes[name] for name in ("forwarded", "redirected", "answered", "no_route")) >= 20, outcomes
    assert min(verdicts[name] for name in ("taken", "not_matched", "not_reached")) >= 100, verdicts
    await _shares_agree(cases, world, caller)


def _report(failures):
    """Each pair that differs in one line, and the first of them whole."""
    lines = [" | ".join(failure.splitlines()[:2]) for failure in failures[:40]]
    return "\n".join([f"{len(failures)} pairs differ:", *lines, "", failures[0]])


async def _shares_agree(cases, world, caller):
    """Over many requests each destination gets its share, within chance."""
    checked = 0
    for each in cases:
        request = next((one for one in each.case.requests if _is_split(explained(world, each, one))), None)
        if request is None:
            continue
        found = explained(world, each, request)
        got = Counter([(await caller.ask(each, request)).arrived[0] for _ in range(TRIES)])
        for name in got.keys() | {one for split in found.destinations for one in backends(split)}:
            share = sum(one.probability for one in found.destinations if name in backends(one))
            # Five standard deviations of a binomial share, and one request for the smallest ones.
            bound = 5 * sqrt(share * (1 - share) / TRIES) + 1 / TRIES
            wrong = [f"{name} got {got[name]} of {TRIES}, not {share:.0%}"]
            assert abs(got[name] / TRIES - share) <= bound, told(each, request, found, got, wrong)
        checked += 1
    assert checked >= 3


def _is_split(found):
    """Whether requests go to several single backends, all of which can be reached."""
    going = [each for each in found.destinations if each.probability]
    apart = {name for each in going for name in backends(each)}
    return (
        len(apart) > 1
        and len(going) > 1
        and not found.answers
        and all(len(backends(each)) == 1 for each in going)
    )
