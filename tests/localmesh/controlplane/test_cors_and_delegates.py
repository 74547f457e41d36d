"""What real Envoys do under a CORS policy, and with delegated routes."""

import pytest

from tests.localmesh.xds.objects import to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

ORIGIN = "https://shop.example"
CORS = {
    "allowOrigins": [{"exact": ORIGIN}], "allowMethods": ["GET", "PUT"], "allowHeaders": ["x-token"],
    "exposeHeaders": ["x-shown"], "maxAge": "10m", "allowCredentials": True,
}  # fmt: skip


def preflight(origin):
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return {"method": "OPTIONS", "headers": headers}


async def test_a_browsers_question_is_answered_by_the_proxy(bed):
    await bed.apply(virtual_service({"route": [to()], "corsPolicy": CORS}))
    answer = await bed.call(**preflight(ORIGIN))
    assert answer.status == 200
    allowed = {
        key.lower(): value for key, value in answer.headers.items() if key.lower().startswith("access")
    }
    assert allowed == {
        "access-control-allow-origin": ORIGIN, "access-control-allow-methods": "GET,PUT",
        "access-control-allow-headers": "x-token", "access-control-max-age": "600",
        "access-control-allow-credentials": "true", "access-control-expose-headers": "x-shown",
    }  # fmt: skip
    assert not [request for each in bed.backends.values() for request in each.requests]


async def test_an_answer_names_the_origin_that_may_read_it(bed):
    await bed.apply(virtual_service({"route": [to()], "corsPolicy": CORS}))
    mine = await bed.call(headers={"Origin": ORIGIN})
    assert mine.headers["access-control-allow-origin"] == ORIGIN
    assert mine.headers["access-control-expose-headers"] == "x-shown"
    other = await bed.call(headers={"Origin": "https://evil.example"})
    assert (other.status, "access-control-allow-origin" in other.headers) == (200, False)


async def test_a_strangers_question_goes_on_to_the_application_unless_that_is_switched_off(bed):
    await bed.apply(virtual_service({"route": [to()], "corsPolicy": CORS}))
    assert (await bed.call(**preflight("https://evil.example"))).who.startswith("reviews")
    await bed.apply(
        virtual_service({"route": [to()], "corsPolicy": {**CORS, "unmatchedPreflights": "IGNORE"}})
    )
    answer = await bed.call(**preflight("https://evil.example"))
    assert (answer.status, answer.body) == (200, b"")
    assert "access-control-allow-origin" not in answer.headers


async def test_a_delegate_answers_for_its_part(bed):
    root = virtual_service(
        {"match": [{"uri": {"prefix": "/r"}}], "delegate": {"name": "leaf"}}, {"route": [to("reviews")]}
    )
    to_ratings = {"match": [{"uri": {"prefix": "/ratings"}}], "route": [to("ratings")]}
    away = {"match": [{"uri": {"prefix": "/away"}}], "directResponse": {"status": 418}}
    await bed.apply(root, virtual_service(to_ratings, away, hosts=[], name="leaf"))
    assert (await bed.call("/ratings/1")).who == "ratings-v1"
    assert (await bed.call("/away")).who.startswith("reviews")
