"""A request explained, and sent through a real Envoy, and what the two say otherwise than each other."""

import re
from dataclasses import dataclass

import msgspec
from yarl import URL

from cluster import objects as shapes
from localmesh.apiserver import kinds
from localmesh.xds.model import inner_address
from routing import explain
from tests.routing.explain import pairs

REVIEWS = {"reviews-v1", "reviews-v2", "reviews-v3"}


def world_of(bed, **more):
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
        http_routes=bed.store.list(kinds.HTTP_ROUTES),
        **more,
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
    number = int(re.match(r"spec\.(?:http|rules)\[(\d+)\]", found.taken.path)[1]) + 1
    expected = f"{name} {number}"
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
    first = destination.host.partition(".")[0]
    version = first if first in ("v1", "v2", "v3") else destination.labels.get("version")
    return {f"reviews-{version}"} if version else REVIEWS
