"""The explainer and a real Envoy agree on generated VirtualServices that delegate."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import strategies as st

from localmesh.apiserver import kinds
from routing import explain
from tests import needs
from tests.localmesh.controlplane.bed import Bed
from tests.localmesh.xds import objects
from tests.routing.explain import pairs
from tests.routing.explain.both import REVIEWS, Caller, differences, explained, world_of

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CASES = 50
SEED = 20_261_130
roots = st.tuples(
    pairs.sometimes(2, uri=st.builds(dict, prefix=st.sampled_from(["/", "/a", "/b"])), headers=pairs.tables),
    pairs.sometimes(4, queryParams=pairs.parameters, method=st.just({"regex": "GET|PUT"})),
).map(lambda parts: parts[0] | parts[1])
above = st.tuples(
    pairs.weighted(
        (1, st.just({})),
        (3, st.builds(lambda each: {"match": each}, st.lists(roots, min_size=1, max_size=2))),
    ),
    pairs.sometimes(4, rewrite=pairs.rewrites, headers=st.builds(dict, request=pairs.operations)),
).map(lambda parts: parts[0] | parts[1])


@dataclass(frozen=True)
class Case:
    """Rules that delegate, each with the rules of its delegate, and what is asked."""

    parts: list[tuple[dict[str, Any], list[dict[str, Any]]]]
    hidden: bool
    requests: list[tuple[str, str, dict[str, str]]]
    kind: str = "service"


some_cases = st.builds(
    Case,
    st.lists(st.tuples(above, st.lists(pairs.rules, min_size=1, max_size=2)), min_size=1, max_size=2),
    st.sampled_from([False, False, False, True]),
    st.lists(pairs.requests, min_size=6, max_size=6),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bed(tmp_path_factory):
    made = Bed(tmp_path_factory.mktemp("envoys"), needs.envoy())
    await made.start()
    yield made
    await made.stop()


@dataclass
class Placed:
    """A case at its host. With `hidden` the last delegate is kept to its own namespace."""

    number: int
    case: Case

    port = 9080
    caller = explain.Caller("bookinfo", {"app": "productpage", "version": "v1"})

    @property
    def host(self):
        return f"root{self.number}"

    @property
    def authority(self):
        return f"{self.host}:9080"

    def manifests(self):
        own = [
            {**rule, "delegate": {"name": f"{self.host}-{index}", "namespace": "shop"}}
            for index, (rule, _) in enumerate(self.case.parts)
        ]
        last = self.marked(
            {"route": [{"destination": {"host": "SELF", "subset": "v1"}}]}, self.host, len(own)
        )
        yield objects.virtual_service(*own, last, hosts=[self.host], name=self.host)
        for index, (_, rules) in enumerate(self.case.parts):
            name, kept = f"{self.host}-{index}", self.case.hidden and index == len(own) - 1
            made = [self.marked(rule, name, number) for number, rule in enumerate(rules)]
            export = {"exportTo": ["."]} if kept else {}
            yield objects.virtual_service(*made, hosts=(), name=name, namespace="shop", **export)
        host = f"{self.host}.bookinfo.svc.cluster.local"
        yield objects.destination_rule(host, "v0", "v1", "v2", "v3", name=self.host)

    def marked(self, rule, name, index):
        """The rule, naming itself in its answers, with its destinations in full."""
        full = json.dumps(rule).replace('"SELF"', f'"{self.host}.bookinfo.svc.cluster.local"')
        made = json.loads(full.replace('"ratings"', '"ratings.bookinfo.svc.cluster.local"'))
        told = {"response": {"set": {"x-rule": f"{name} {index + 1}"}}}
        return {**made, "headers": {**made.get("headers", {}), **told}}


async def placed(bed):
    cases = [Placed(number, pairs.example(some_cases, SEED + number)) for number in range(1, CASES + 1)]
    for each in cases:
        bed.store.create(kinds.SERVICES, objects.service(each.host, selector={"app": "reviews"}))
        behind = objects.endpoint_slice(each.host, *(bed.pods[name] for name in sorted(REVIEWS)))
        bed.store.create(kinds.ENDPOINT_SLICES, behind)
    await bed.apply(*(rule for each in cases for rule in each.manifests()))
    return cases


def _told(each, request, found, seen, wrong):
    reasons = [f"  {rule.verdict} {rule.resource} {rule.path}: {rule.reason}" for rule in found.rules]
    rules = json.dumps(list(each.manifests()), indent=1)
    return "\n".join([f"case {each.number}: {request}", *wrong, *reasons, f"Envoy: {seen}", rules])


async def test_explainer_and_envoy_agree_on_generated_delegates(bed):
    cases = await placed(bed)
    world, caller = world_of(bed), Caller(bed)
    verdicts, delegated, failures = Counter(), 0, []
    for each in cases:
        for request in each.case.requests:
            found, seen = explained(world, each, request), await caller.ask(each, request)
            wrong = list(differences(found, seen))
            if wrong:
                failures.append(_told(each, request, found, seen, wrong))
            delegated += bool(found.taken and found.taken.via)
            verdicts.update(rule.verdict for rule in found.rules)
    lines = [" | ".join(failure.splitlines()[:2]) for failure in failures[:40]]
    assert not failures, "\n".join([f"{len(failures)} pairs differ:", *lines, "", failures[0]])
    assert delegated >= 50
    assert min(verdicts[name] for name in ("taken", "not_matched", "not_reached", "unusable")) >= 20, verdicts
