"""What real Envoys know: hosts of ServiceEntries, and no more than a Sidecar lets them."""

import pytest

from tests.localmesh.controlplane.bed import Backend, eventually
from tests.localmesh.xds.objects import destination_rule, service_entry, sidecar, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]


async def test_a_host_outside_is_called_by_its_name(bed):
    outside = Backend("outside")
    await outside.start(bed.ip("77"), 8077)
    try:
        endpoint = {"address": bed.ip("77"), "labels": {"version": "v1"}}
        port = {"name": "http", "number": 80, "protocol": "HTTP", "targetPort": 8077}
        entry = service_entry(endpoint, ports=[port])
        fault = {"abort": {"httpStatus": 418, "percentage": {"value": 100}}}
        rule = virtual_service(
            {"match": [{"uri": {"prefix": "/tea"}}], "fault": fault, "route": [to("ext.example")]},
            {"route": [to("ext.example", "v1")]},
            hosts=["ext.example"],
        )
        await bed.apply(entry, rule, destination_rule("ext.example", "v1", name="ext"))
        answer = await bed.call("/x", host="ext.example")
        assert (answer.who, answer.json["host"]) == ("outside", "ext.example")
        assert (await bed.call("/tea", host="ext.example")).status == 418
        assert (await bed.call("/x", host="other.example")).status == 502
    finally:
        await outside.stop()


async def test_a_name_is_looked_up(bed):
    outside = Backend("outside")
    await outside.start("127.0.0.1", 0)
    try:
        (_, number), *_ = outside.addresses
        port = {"name": "http", "number": 80, "protocol": "HTTP", "targetPort": number}
        await bed.apply(service_entry("localhost", ports=[port], resolution="DNS"))

        async def answers():
            return (await bed.call(host="ext.example")).status == 200

        await eventually(answers)
    finally:
        await outside.stop()


async def test_a_sidecar_hides_what_it_does_not_name(bed):
    await bed.apply(sidecar("./reviews.bookinfo.svc.cluster.local"))
    assert (await bed.call(host="reviews:9080")).status == 200
    hidden = await bed.call(host="ratings:9080")
    assert (hidden.status, b"not a host that this mesh knows" in hidden.body) == (502, True)
    await bed.apply()
    assert (await bed.call(host="ratings:9080")).status == 200
