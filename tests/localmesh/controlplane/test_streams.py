"""What real Envoys do with connections: plain ones by port, TLS by the name that is asked for."""

import asyncio
import ssl
from math import sqrt

import pytest

from localmesh.xds.model import inner_address
from tests.localmesh.controlplane.bed import eventually
from tests.localmesh.controlplane.certificates import Authority
from tests.localmesh.xds.objects import destination_rule, service_entry, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

PORT = 5432


async def greet(address: str, port: int, name: str, tls: ssl.SSLContext | None = None) -> asyncio.Server:
    """A server that says its name and hangs up."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(name.encode())
        await writer.drain()
        writer.close()

    return await asyncio.start_server(answer, address, port, ssl=tls)


async def greeting(bed, port=PORT, tls=None, name=None) -> str:
    """What somebody in productpage's pod hears on a port of its inside."""
    inside = inner_address(bed.pods["productpage-v1"])
    reader, writer = await asyncio.open_connection(inside, port, ssl=tls, server_hostname=name)
    try:
        return (await reader.read()).decode()
    finally:
        writer.close()


def entry(bed, **spec):
    endpoints = [
        {"address": bed.ip(host), "labels": {"version": version}}
        for host, version in (("71", "v1"), ("72", "v2"))
    ]
    return service_entry(*endpoints, **spec)


async def test_connections_are_split_by_weight(bed):
    servers = [await greet(bed.ip(host), PORT, name) for host, name in (("71", "v1"), ("72", "v2"))]
    try:
        database = entry(bed, ports=[{"name": "tcp", "number": PORT, "protocol": "TCP"}])
        split = [to("ext.example", "v1", 80), to("ext.example", "v2", 20)]
        rule = virtual_service(tcp=[{"route": split}], hosts=["ext.example"])
        await bed.apply(database, destination_rule("ext.example", "v1", "v2", name="ext"), rule)
        heard = [await greeting(bed) for _ in range(300)]
        assert set(heard) == {"v1", "v2"}
        assert abs(heard.count("v2") / 300 - 0.2) < 5 * sqrt(0.2 * 0.8 / 300)
    finally:
        for each in servers:
            each.close()


async def test_tls_goes_where_its_name_says_and_is_not_opened(bed, tmp_path):
    authority = Authority(tmp_path)
    pair = authority.issue("a.example", "b.example")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pair.certificate, pair.key)
    servers = [await greet(bed.ip(host), PORT, name, context) for host, name in (("71", "v1"), ("72", "v2"))]
    try:
        port = {"name": "tls", "number": PORT, "protocol": "TLS"}
        rule = virtual_service(
            tls=[
                {"match": [{"sniHosts": ["a.example"]}], "route": [to("ext.example", "v1")]},
                {"match": [{"sniHosts": ["*.example"]}], "route": [to("ext.example", "v2")]},
            ],
            hosts=["ext.example"],
        )
        await bed.apply(
            entry(bed, ports=[port]), destination_rule("ext.example", "v1", "v2", name="ext"), rule
        )
        # The caller checks the server's own certificate: nobody stands between them.
        client = ssl.create_default_context(cafile=str(authority.root.certificate))
        assert await greeting(bed, tls=client, name="a.example") == "v1"
        assert await greeting(bed, tls=client, name="b.example") == "v2"
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await greeting(bed, tls=client, name="c.test")
    finally:
        for each in servers:
            each.close()


async def test_connections_have_istios_metrics_when_they_open_and_when_they_are_over(bed):
    servers = [await greet(bed.ip(host), PORT, "hello") for host in ("71", "72")]
    try:
        ports = [{"name": "tcp", "number": PORT, "protocol": "TCP"}]
        await bed.apply(entry(bed, ports=ports, hosts=["counted.example"], name="counted"))
        assert [await greeting(bed) for _ in range(3)] == ["hello"] * 3

        async def counted(name):
            found = await bed.metrics("productpage-v1", f"istio_tcp_{name}_total")
            return [
                (labels, value)
                for labels, value in found
                if labels["destination_service"] == "counted.example"
            ]

        async def all_over():
            return sum(value for _, value in await counted("connections_closed")) == 3

        await eventually(all_over)
        opened, sent = await counted("connections_opened"), await counted("sent_bytes")
        assert sum(value for _, value in opened) == 3
        assert sum(value for _, value in sent) == 3 * len("hello")
        labels = opened[0][0]
        assert (labels["reporter"], labels["request_protocol"]) == ("source", "tcp")
        assert labels["source_workload"] == "productpage-v1"
    finally:
        for each in servers:
            each.close()
