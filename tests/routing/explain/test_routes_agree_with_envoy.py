"""The explainer and a real Envoy agree on HTTPRoutes of Services: producers', consumers', and beside
VirtualServices.
"""

import copy
from collections import Counter
from dataclasses import dataclass

import msgspec
import pytest
import pytest_asyncio

from localmesh.apiserver import kinds
from routing import explain
from tests import needs
from tests.localmesh.controlplane.bed import Bed
from tests.localmesh.xds import objects
from tests.routing.explain import route_pairs
from tests.routing.explain.both import REVIEWS, Caller, differences, explained, world_of

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CASES = 100
SEED = 20_261_129


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bed(tmp_path_factory):
    made = Bed(tmp_path_factory.mktemp("envoys"), needs.envoy())
    await made.start()
    yield made
    await made.stop()


@dataclass
class Placed:
    """A case at its host. The caller is in namespace bookinfo."""

    number: int
    case: route_pairs.Case

    caller = explain.Caller("bookinfo", {"app": "productpage", "version": "v1"})

    @property
    def name(self):
        return f"{self.case.kind}{self.number}"

    @property
    def namespace(self):
        """The service's."""
        return "shop" if self.case.kind in ("consumer", "both", "owner") else "bookinfo"

    @property
    def host(self):
        return f"{self.name}.{self.namespace}"

    @property
    def port(self):
        return self.case.port if self.case.kind == "ports" else 9080

    @property
    def authority(self):
        return f"{self.host}:{self.port}"

    def service(self):
        ports = [{"port": 9080, "name": "http"}, {"port": 8080, "name": "http-alt", "targetPort": 9080}]
        ports = ports if self.case.kind == "ports" else ports[:1]
        return objects.service(self.name, *ports, selector={"app": "reviews"}, namespace=self.namespace)

    def manifests(self):
        both = [self.route(index) for index in range(2)]
        if self.case.rival:
            # What comes first in name is the older, of the same second.
            both.insert(2 * int(self.case.rival == "younger"), self.rival())
        yield from both

    def route(self, index):
        theirs = self.case.kind == "owner" or (self.case.kind == "both" and index)
        home = "shop" if theirs else "bookinfo"
        name = f"m{index}-{self.name}"
        parent = {"group": "", "kind": "Service", "name": self.name, "namespace": self.namespace}
        if self.case.kind == "ports" and index:
            parent["port"] = 8080
        rules = [
            self.marked(rule, f"{name} {number}", home)
            for number, rule in enumerate(self.case.routes[index], start=1)
        ]
        return objects.http_route(*rules, parents=[parent], name=name, namespace=home)

    def marked(self, rule, told, home):
        """The rule, naming itself in its answers, with its backends where they are."""
        made = copy.deepcopy(rule)
        for each in made.get("backendRefs", ()):
            if each["name"] == "SELF":
                each |= {"name": self.name, "namespace": self.namespace}
            elif home != "bookinfo":
                each["namespace"] = "bookinfo"
        own = {"set": [{"name": "x-rule", "value": told}]}
        made["filters"].append({"type": "ResponseHeaderModifier", "responseHeaderModifier": own})
        return made

    def rival(self):
        name = f"{'z' if self.case.rival == 'younger' else 'a'}-{self.name}"
        told = {"response": {"set": {"x-rule": f"{name} 1"}}}
        host = f"{self.name}.{self.namespace}.svc.cluster.local"
        rule = {"directResponse": {"status": 299}, "headers": told}
        return objects.virtual_service(rule, name=name, namespace=self.namespace, hosts=[host])


async def placed(bed):
    cases = [Placed(number, case) for number, case in enumerate(route_pairs.drawn(CASES, SEED), start=1)]
    for version in ("v1", "v2", "v3"):
        labels = {"app": "reviews", "version": version}
        _add_service(bed, objects.service(version, selector=labels), [f"reviews-{version}"])
    for each in cases:
        _add_service(bed, each.service(), sorted(REVIEWS))
    await bed.apply(*(rule for each in cases for rule in each.manifests()))
    return cases


def _add_service(bed, service, pods):
    bed.store.create(kinds.SERVICES, service)
    meta = service["metadata"]
    behind = objects.endpoint_slice(
        meta["name"], *(bed.pods[pod] for pod in pods), namespace=meta["namespace"]
    )
    behind["ports"] = [{"name": port["name"], "port": 9080} for port in service["spec"]["ports"]]
    bed.store.create(kinds.ENDPOINT_SLICES, behind)


def _told(each, request, found, seen, wrong):
    rules = msgspec.json.format(msgspec.json.encode(list(each.manifests())), indent=1).decode()
    reasons = [f"  {rule.verdict} {rule.resource} {rule.path}: {rule.reason}" for rule in found.rules]
    return "\n".join(
        [
            f"case {each.number} of seed {SEED}: {request} to {each.authority}",
            *wrong,
            f"explained: {found.sentence}",
            *reasons,
            f"Envoy: {seen}",
            rules,
        ]
    )


async def test_explainer_and_envoy_agree_on_generated_http_routes(bed):
    cases = await placed(bed)
    # The pods behind the services of the other namespace are given by address only.
    world, caller = world_of(bed, pods_hidden={"shop"}), Caller(bed)
    outcomes, verdicts, statuses, failures = Counter(), Counter(), Counter(), []
    for each in cases:
        for request in each.case.requests:
            found, seen = explained(world, each, request), await caller.ask(each, request)
            wrong = list(differences(found, seen))
            if wrong:
                failures.append(_told(each, request, found, seen, wrong))
            outcomes[found.outcome] += 1
            statuses.update(answer.status for answer in found.answers)
            verdicts.update((rule.resource.partition(" ")[0], rule.verdict) for rule in found.rules)
    lines = [" | ".join(failure.splitlines()[:2]) for failure in failures[:40]]
    assert not failures, "\n".join([f"{len(failures)} pairs differ:", *lines, "", failures[0]])
    assert outcomes.total() >= 400
    # All of it was met, so that agreement means something.
    assert min(outcomes[name] for name in ("forwarded", "redirected", "answered", "no_route")) >= 10, outcomes
    assert min(statuses[status] for status in (500, 404, 302)) >= 10, statuses
    assert verdicts["HTTPRoute", "taken"] >= 200, verdicts
    assert verdicts["VirtualService", "taken"] >= 10, verdicts
