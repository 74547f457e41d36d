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
from yarl import URL

from cluster import objects as shapes
from localmesh.apiserver import kinds
from localmesh.xds.model import inner_address
from routing import explain
from tests import needs
from tests.localmesh.controlplane.bed import Bed
from tests.localmesh.xds import objects
from tests.routing.explain import pairs

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(300)]

CASES = 160
SEED = 20_261_128
TRIES = 120
"""Requests for one share."""
REVIEWS = {"reviews-v1", "reviews-v2", "reviews-v3"}


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


def world_of(bed):
    """What the explainer is to know: the same objects."""
    pods = [msgspec.to_builtins(each) for each in bed.store.list(kinds.PODS)]
    for pod in pods:
        pod["status"] = {**pod["status"], "conditions": [{"type": "Ready", "status": "True"}]}
    return explain.build(
        services=[msgspec.convert(each, shapes.Service) for each in bed.store.list(kinds.SERVICES)],
        pods=[msgspec.convert(each, shapes.Pod) for each in pods],
        virtual_services=bed.store.list(kinds.VIRTUAL_SERVICES),
        destination_rules=bed.store.list(kinds.DESTINATION_RULES),
        gateways=bed.store.list(kinds.GATEWAYS),
    )


class Caller:
    """Sends requests as they are written, and finds what arrived."""

    def __init__(self, bed):
        self.bed, self.count = bed, 0

    async def ask(self, placed, request):
        self.count += 1
        path, method, headers = request
        inside = f"{inner_address(self.bed.pods['productpage-v1'])}:15001"
        there = f"{self.bed.pods['gateway']}:8080" if placed.case.kind == "gateway" else inside
        sent = {**headers, "Host": placed.authority, "x-pair": str(self.count)}
        url = URL(f"http://{there}{path}", encoded=True)
        async with self.bed.session.request(method, url, headers=sent, allow_redirects=False) as answer:
            return Seen(answer.status, answer.headers, await answer.text(), self._arrived())

    def _arrived(self):
        for name, backend in self.bed.backends.items():
            for request in backend.requests:
                if request.headers.get("x-pair") == str(self.count):
                    backend.requests.clear()
                    return name, request
        return None


@dataclass
class Seen:
    """What Envoy did."""

    status: int
    headers: dict
    body: str
    arrived: tuple | None

    def __str__(self):
        arrived = ""
        if self.arrived:
            name, request = self.arrived
            shown = {
                key: request.headers.getall(key) for key in request.headers if key.lower().startswith("x-")
            }
            arrived = f", {name} got {request.method} {request.raw_path} of {request.host} {shown}"
        rule, location = self.headers.get("x-rule"), self.headers.get("location")
        return f"{self.status}, rule {rule}, location {location}, {self.body[:40]!r}{arrived}"


def explained(world, placed, request):
    path, method, headers = request
    asked = explain.Request(
        placed.host,
        "bookinfo",
        port=placed.port,
        path=path,
        method=method,
        headers=tuple(headers.items()),
    )
    return explain.explain(world, asked, placed.caller)


def differences(found, seen):
    """What an explanation says otherwise than Envoy did."""
    certain = [answer for answer in found.answers if answer.probability == 1.0]
    if certain:
        yield from _answered(found, certain[0], seen)
        return
    if found.outcome == "unknown_host":
        # localmesh lets out only what it knows.
        if seen.status != 502 or seen.arrived:
            yield f"an unknown host was answered {seen.status}"
        return
    going = [each for each in found.destinations if each.probability]
    if seen.arrived is None:
        if not any(each.problem and each.problem.status == seen.status for each in going):
            yield f"it was answered {seen.status} before it reached a pod"
        return
    if found.taken:
        yield from _other_rule(found, seen)
    name = seen.arrived[0]
    candidates = [each for each in going if not each.problem and name in backends(each)]
    if not candidates:
        yield f"it arrived at {name}"
    elif all(list(_sent(each, seen)) for each in candidates):
        yield from _sent(candidates[0], seen)


def _answered(found, answer, seen):
    if seen.status != answer.status:
        yield f"status {seen.status}, not {answer.status} ({answer.flag})"
    if seen.arrived is not None:
        yield f"it arrived at {seen.arrived[0]}"
    if seen.headers.get("location", "") != answer.location:
        yield f"location {seen.headers.get('location')}, not {answer.location}"
    if not answer.flag:
        yield from _other_rule(found, seen)
    body = (found.policies.direct_response or {}).get("body", {}).get("string")
    if body and not answer.flag and seen.body != body:
        yield f"body {seen.body}, not {body}"


def _other_rule(found, seen):
    """Each rule names itself in its answers."""
    name = found.taken.resource.partition("/")[2]
    expected = f"{name} {int(found.taken.path.removeprefix('spec.http[').rstrip(']')) + 1}"
    if seen.headers.get("x-rule") != expected:
        yield f"rule {seen.headers.get('x-rule')} was taken, not {expected}"


def _sent(destination, seen):
    """What arrived otherwise than the explanation says."""
    request, sent = seen.arrived[1], destination.sent
    if request.raw_path != sent.path:
        yield f"path {request.raw_path}, not {sent.path}"
    if request.host != sent.authority:
        yield f"authority {request.host}, not {sent.authority}"
    headers = dict(sent.headers)
    for name in map(str.lower, pairs.HEADERS):
        got = request.headers.getall(name, None)
        got = None if got is None else ",".join(got)
        if got != headers.get(name):
            yield f"header {name} is {got}, not {headers.get(name)}"


def backends(destination):
    """The backends that a destination stands for."""
    if destination.host.startswith("ratings."):
        return {"ratings-v1"}
    version = destination.labels.get("version")
    return {f"reviews-{version}"} if version else REVIEWS


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
