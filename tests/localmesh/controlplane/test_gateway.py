"""The ingress gateway: what is let in, and where to."""

import asyncio

import aiohttp
import pytest

from localmesh.apiserver import kinds
from tests.localmesh.controlplane.bed import eventually
from tests.localmesh.xds.objects import gateway, server, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]


def bound(*http, hosts=("*",), name="in", **spec):
    return virtual_service(*http, hosts=hosts, name=name, gateways=["bookinfo-gateway"], **spec)


def at(path, host="ratings"):
    return {"match": [{"uri": {"prefix": path}}], "route": [to(host)]}


async def test_only_what_a_bound_rule_matches_comes_in(bed):
    await bed.apply(gateway(), bound(at("/ratings")))
    assert (await bed.enter("/ratings/0")).who == "ratings-v1"
    assert (await bed.enter("/admin")).status == 404


async def test_a_rule_of_the_mesh_does_not_open_the_gateway(bed):
    await bed.apply(gateway(), virtual_service({"route": [to("ratings")]}, hosts=["ratings"]))
    assert (await bed.enter(host="ratings")).status == 404


async def test_several_rules_share_a_gateway(bed):
    await bed.apply(gateway(), bound(at("/a"), name="one"), bound(at("/b", "reviews"), name="two"))
    assert (await bed.enter("/a")).who == "ratings-v1"
    assert (await bed.enter("/b")).who.startswith("reviews")


async def test_hosts_are_told_apart(bed):
    rules = [
        bound(at("/"), hosts=["a.example"], name="one"),
        bound(at("/", "reviews"), hosts=["*"], name="two"),
    ]
    await bed.apply(gateway(server("*.example")), *rules)
    assert (await bed.enter(host="a.example")).who == "ratings-v1"
    assert (await bed.enter(host="a.example:8080")).who == "ratings-v1"
    assert (await bed.enter(host="b.example")).who.startswith("reviews")
    assert (await bed.enter(host="elsewhere")).status == 404


async def test_a_servers_port_is_the_services_and_leads_to_the_pods(bed):
    # The gateway's Service has port 80 and sends it to 8080.
    await bed.apply(gateway(server(port=80)), bound(at("/")))
    assert (await bed.enter(port=8080)).who == "ratings-v1"


async def test_a_gateway_opens_and_closes_a_port(bed):
    await bed.apply(gateway(server(port=8081)), bound(at("/")))
    assert (await bed.enter(port=8081)).who == "ratings-v1"
    await bed.apply()
    # Whoever is connected still gets an answer; for others nobody listens any more.
    assert (await bed.enter(port=8081)).status == 404

    async def closed():
        async with aiohttp.ClientSession() as stranger:
            try:
                await stranger.get(f"http://{bed.pods['gateway']}:8081/")
            except aiohttp.ClientConnectionError:
                return True
            return False

    await eventually(closed)


async def test_what_became_of_each_resource_is_in_its_status(bed):
    secure = {**server(port=443, protocol="HTTPS"), "tls": {"mode": "SIMPLE", "credentialName": "none"}}
    await bed.apply(gateway(server(), secure), bound(at("/"), tcp=[{"route": []}]))

    def condition(resource, name):
        (found,) = bed.store.get(resource, "bookinfo", name)["status"]["conditions"]
        return found["status"], found["reason"], found["message"]

    assert condition(kinds.GATEWAYS, "bookinfo-gateway") == (
        "False",
        "NotProgrammed",
        "not in force: spec.servers[1].tls.credentialName: there is no Secret istio-system/none",
    )
    assert condition(kinds.VIRTUAL_SERVICES, "in")[1:] == (
        "NotProgrammed",
        "not in force: spec.tcp[0].route: it has no destination",
    )


async def test_writing_status_comes_to_rest(bed):
    await bed.apply(gateway(), bound(at("/")))
    await asyncio.sleep(0.1)
    revision = bed.store.revision
    await asyncio.sleep(0.2)
    assert bed.store.revision == revision


async def test_a_kind_that_is_not_acted_on_says_so_too(bed):
    await bed.apply()
    entry = {"metadata": {"name": "group", "namespace": "bookinfo"}, "spec": {"mtls": {"mode": "STRICT"}}}
    bed.store.create(kinds.PEER_AUTHENTICATIONS, entry)
    try:
        bed.settle()
        (found,) = bed.store.get(kinds.PEER_AUTHENTICATIONS, "bookinfo", "group")["status"]["conditions"]
        assert (found["status"], found["reason"]) == ("False", "NotProgrammed")
        assert "localmesh does not act on PeerAuthentication" in found["message"]
    finally:
        bed.store.delete(kinds.PEER_AUTHENTICATIONS, "bookinfo", "group")
