"""TLS through real Envoys: at the gateway, and towards a server that insists on it."""

import base64
import socket
import ssl
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import web

from localmesh.apiserver import kinds
from tests.localmesh.controlplane.bed import Backend
from tests.localmesh.controlplane.certificates import Authority
from tests.localmesh.xds.objects import (
    destination_rule,
    edge,
    gateway,
    http_route,
    k8s_gateway,
    listener,
    server,
    service_entry,
    to,
    virtual_service,
)

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

HOST = "bookinfo.example.com"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


def secret(name, namespace, pair=None, root=None):
    files = {} if pair is None else {"tls.crt": pair.certificate, "tls.key": pair.key}
    files |= {} if root is None else {"ca.crt": root.certificate}
    data = {key: base64.b64encode(path.read_bytes()).decode() for key, path in files.items()}
    return {"metadata": {"name": name, "namespace": namespace}, "data": data}


class Secrets:
    """Puts Secrets in, and takes them out in the end."""

    def __init__(self, bed):
        self.bed, self.names = bed, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for namespace, name in self.names:
            self.bed.store.delete(kinds.SECRETS, namespace, name)

    def add(self, made):
        meta = made["metadata"]
        self.names.append((meta["namespace"], meta["name"]))
        self.bed.store.create(kinds.SECRETS, made)


class Nearby(aiohttp.abc.AbstractResolver):
    """Every name is the gateway."""

    def __init__(self, address):
        self._address = address

    async def resolve(self, host, port=0, family=socket.AF_INET):
        found = {"hostname": host, "host": self._address, "port": port}
        return [{**found, "family": family, "proto": 0, "flags": socket.AI_NUMERICHOST}]

    async def close(self):
        """Nothing is open."""


async def visit(bed, url, context):
    connector = aiohttp.TCPConnector(resolver=Nearby(bed.pods["gateway"]), ssl=context)
    async with aiohttp.ClientSession(connector=connector) as session, session.get(url) as response:
        return response.status, (await response.json())["who"]


def https(mode="SIMPLE"):
    return {**server(HOST, port=8443, protocol="HTTPS"), "tls": {"mode": mode, "credentialName": "edge"}}


def bound():
    return virtual_service({"route": [to("ratings")]}, hosts=[HOST], name="in", gateways=["bookinfo-gateway"])


async def test_callers_reach_the_gateway_under_tls(bed, authority):
    client = ssl.create_default_context(cafile=str(authority.root.certificate))
    with Secrets(bed) as secrets:
        secrets.add(secret("edge", "istio-system", authority.issue(HOST)))
        await bed.apply(gateway(https(), {**server(HOST), "tls": {"httpsRedirect": True}}), bound())
        assert await visit(bed, f"https://{HOST}:8443/", client) == (200, "ratings-v1")
        with pytest.raises(aiohttp.ClientConnectionError):
            await visit(bed, "https://other.example:8443/", client)
        moved = await bed.enter("/x?y")
        assert (moved.status, moved.headers["location"]) == (301, f"https://{HOST}/x?y")


async def test_mutual_tls_lets_in_who_shows_a_certificate(bed, authority):
    stranger = ssl.create_default_context(cafile=str(authority.root.certificate))
    friend = ssl.create_default_context(cafile=str(authority.root.certificate))
    pair = authority.issue("friend.example")
    friend.load_cert_chain(pair.certificate, pair.key)
    with Secrets(bed) as secrets:
        secrets.add(secret("edge", "istio-system", authority.issue(HOST), authority.root))
        await bed.apply(gateway(https("MUTUAL")), bound())
        assert await visit(bed, f"https://{HOST}:8443/", friend) == (200, "ratings-v1")
        with pytest.raises(aiohttp.ClientError):
            await visit(bed, f"https://{HOST}:8443/", stranger)


async def test_a_certificate_that_is_replaced_is_shown_at_once(bed, authority, tmp_path):
    other = Authority(tmp_path)
    with Secrets(bed) as secrets:
        secrets.add(secret("edge", "istio-system", authority.issue(HOST)))
        await bed.apply(gateway(https()), bound())
        fresh = secret("edge", "istio-system", other.issue(HOST))
        bed.store.update(kinds.SECRETS, fresh)
        bed.settle()
        await bed.configured(at_least=3)
        client = ssl.create_default_context(cafile=str(other.root.certificate))
        assert await visit(bed, f"https://{HOST}:8443/", client) == (200, "ratings-v1")


async def test_a_listener_of_the_gateway_api_ends_tls_too(bed, authority):
    client = ssl.create_default_context(cafile=str(authority.root.certificate))
    with Secrets(bed) as secrets:
        secrets.add(secret("own", "bookinfo", authority.issue(HOST)))
        tls = {"certificateRefs": [{"name": "own"}]}
        rule = {"backendRefs": [{"name": "ratings", "port": 9080}]}
        await bed.apply(
            k8s_gateway(listener(port=8443, protocol="HTTPS", tls=tls)), http_route(rule, parents=[edge()])
        )
        assert await visit(bed, f"https://{HOST}:8443/", client) == (200, "ratings-v1")


class SecureBackend(Backend):
    """An application that speaks TLS only."""

    def __init__(self, name, context):
        super().__init__(name)
        self._context = context

    async def start(self, address, port=9443):
        self._runner = web.ServerRunner(web.Server(self._answer, access_log=None))
        await self._runner.setup()
        await web.TCPSite(self._runner, address, port, ssl_context=self._context).start()


@pytest.mark.parametrize("mode", ["SIMPLE", "MUTUAL"])
async def test_a_destination_that_insists_on_tls(bed, authority, mode):
    pair = authority.issue("ext.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authority.root.certificate))
    context.load_cert_chain(pair.certificate, pair.key)
    context.verify_mode = ssl.CERT_REQUIRED if mode == "MUTUAL" else ssl.CERT_NONE
    outside = SecureBackend("outside", context)
    await outside.start(bed.ip("78"))
    port = {"name": "http", "number": 80, "protocol": "HTTP", "targetPort": 9443}
    entry = service_entry(bed.ip("78"), ports=[port])
    rule = destination_rule(
        "ext.example", name="ext", trafficPolicy={"tls": {"mode": mode, "credentialName": "mine"}}
    )
    try:
        with Secrets(bed) as secrets:
            mine = authority.issue("me.example") if mode == "MUTUAL" else None
            secrets.add(secret("mine", "bookinfo", mine, authority.root))
            await bed.apply(entry, rule)
            assert (await bed.call(host="ext.example")).who == "outside"
            await bed.apply(entry)
            assert (await bed.call(host="ext.example")).status == 503
    finally:
        with suppress(ConnectionError):
            await outside.stop()


async def test_a_destination_that_is_somebody_else_is_not_trusted(bed, authority):
    pair = authority.issue("somebody-else.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    outside = SecureBackend("outside", context)
    await outside.start(bed.ip("79"))
    port = {"name": "http", "number": 80, "protocol": "HTTP", "targetPort": 9443}
    tls = {"mode": "SIMPLE", "credentialName": "mine"}
    try:
        with Secrets(bed) as secrets:
            secrets.add(secret("mine", "bookinfo", root=authority.root))
            rule = destination_rule("ext.example", name="ext", trafficPolicy={"tls": tls})
            entry = service_entry(bed.ip("79"), ports=[port])
            await bed.apply(entry, rule)
            assert (await bed.call(host="ext.example")).status == 503
            trusting = {**tls, "insecureSkipVerify": True}
            await bed.apply(
                entry, destination_rule("ext.example", name="ext", trafficPolicy={"tls": trusting})
            )
            assert (await bed.call(host="ext.example")).who == "outside"
    finally:
        with suppress(ConnectionError):
            await outside.stop()
