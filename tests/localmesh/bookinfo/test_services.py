import time

import pytest

from localmesh.bookinfo import reviews
from localmesh.bookinfo.service import Tuning

RATINGS = {"id": 0, "ratings": {"Reviewer1": 5, "Reviewer2": 4}}
TRACE = {"x-request-id": "r-1", "traceparent": "00-1-2-01", "x-b3-traceid": "80f1", "end-user": "jason"}


@pytest.mark.parametrize("name", ["productpage", "details", "reviews", "ratings"])
async def test_every_service_says_that_it_is_healthy(open_service, name):
    client = await open_service(name)
    assert (await client.get("/health")).status == 200


async def test_details_are_those_of_the_book(open_service):
    client = await open_service("details")
    answer = await client.get("/details/0")
    assert (await answer.json())["author"] == "William Shakespeare"
    assert (answer.headers["x-pod"], answer.headers["x-version"]) == ("details-pod", "v1")


async def test_ratings_give_stars_by_reviewer(open_service):
    client = await open_service("ratings")
    assert (await (await client.get("/ratings/0")).json())["ratings"] == RATINGS["ratings"]


@pytest.mark.parametrize("path", ["/details/x", "/details/-1"])
async def test_a_product_that_is_no_number_is_refused(open_service, path):
    client = await open_service("details")
    answer = await client.get(path)
    assert answer.status == 400
    assert "numeric" in (await answer.json())["error"]


async def test_reviews_v1_asks_nobody_for_stars(open_service, neighbours):
    client = await open_service("reviews", "v1")
    body = await (await client.get("/reviews/0")).json()
    assert body["podname"] == "reviews-pod"
    assert all("rating" not in each for each in body["reviews"])
    assert neighbours.asked == []


@pytest.mark.parametrize(("version", "colour"), [("v2", "black"), ("v3", "red")])
async def test_reviews_show_the_stars_of_their_version(open_service, neighbours, version, colour):
    neighbours.answers["ratings:9080"] = RATINGS
    client = await open_service("reviews", version)
    body = await (await client.get("/reviews/0")).json()
    assert [each["rating"] for each in body["reviews"]] == [
        {"stars": 5, "color": colour},
        {"stars": 4, "color": colour},
    ]


@pytest.mark.parametrize("answer", [500, "no json", {"ratings": None}, {"ratings": {"Reviewer1": "many"}}])
async def test_reviews_answer_without_stars_when_ratings_fails(open_service, neighbours, answer):
    neighbours.answers["ratings:9080"] = answer
    client = await open_service("reviews", "v2")
    answered = await client.get("/reviews/0")
    assert answered.status == 200
    assert (await answered.json())["reviews"][0]["rating"] == {"error": reviews.UNAVAILABLE}


async def test_reviews_wait_for_ratings_only_so_long(open_service, neighbours, monkeypatch):
    neighbours.answers["ratings:9080"] = "silence"
    monkeypatch.setitem(reviews.TIMEOUT_SECONDS, "red", 0.05)
    client = await open_service("reviews", "v3")
    body = await (await client.get("/reviews/0")).json()
    assert body["reviews"][0]["rating"] == {"error": reviews.UNAVAILABLE}


def test_the_waiting_times_are_the_originals():
    assert reviews.TIMEOUT_SECONDS == {"black": 10.0, "red": 2.5}


async def test_trace_headers_and_the_user_are_handed_on(open_service, neighbours):
    neighbours.answers["ratings:9080"] = RATINGS
    client = await open_service("reviews", "v3")
    await client.get("/reviews/0", headers=TRACE | {"x-private": "1"})
    sent = {key.lower(): value for key, value in neighbours.headers_of("ratings:9080").items()}
    assert sent.items() >= TRACE.items()
    assert "x-private" not in sent


async def test_an_error_ratio_of_one_fails_every_request_but_health(open_service):
    client = await open_service("ratings")
    client.service.tuning.apply({"error_ratio": 1})
    assert (await client.get("/ratings/0")).status == 500
    assert (await client.get("/health")).status == 200
    assert client.service.figures() == {"pod": "ratings-pod", "requests": 1, "failures": 1}


async def test_a_delay_is_added_to_the_natural_latency(open_service):
    client = await open_service("ratings")
    client.service.tuning.apply({"delay_ms": 50})
    began = time.monotonic()
    await client.get("/ratings/0")
    assert time.monotonic() - began >= 0.05


@pytest.mark.parametrize(
    "wanted", [{"delay_ms": -1}, {"error_ratio": 1.1}, {"delay_ms": "slow"}, {"delay_ms": None}]
)
def test_a_tuning_out_of_range_is_refused_and_changes_nothing(wanted):
    tuning = Tuning(delay_ms=5)
    with pytest.raises((ValueError, TypeError)):
        tuning.apply(wanted)
    assert tuning.delay_ms == 5


def test_what_a_tuning_does_not_name_goes_back_to_nothing():
    tuning = Tuning(delay_ms=5, error_ratio=0.5)
    tuning.apply({})
    assert tuning == Tuning()
