import pytest

from localmesh.bookinfo import productpage

DETAILS = {"id": 0, "type": "paperback", "publisher": "<b>PublisherA</b>"}
REVIEWS = {
    "podname": "reviews-v3-abc",
    "reviews": [
        {"reviewer": "Reviewer1", "text": "fine & funny", "rating": {"stars": 4, "color": "red"}},
        {
            "reviewer": "Reviewer2",
            "text": "long",
            "rating": {"error": "Ratings service is currently unavailable"},
        },
    ],
}


@pytest.fixture
async def page(open_service, neighbours):
    neighbours.answers |= {"details:9080": DETAILS, "reviews:9080": REVIEWS, "ratings:9080": {"ratings": {}}}
    return await open_service("productpage")


async def html(page, **kwargs):
    answer = await page.get("/productpage", **kwargs)
    assert answer.status == 200
    return await answer.text()


async def test_the_page_shows_details_reviews_and_coloured_stars(page):
    text = await html(page)
    assert "paperback" in text
    assert "★★★★☆" in text
    assert 'class="stars red"' in text
    assert "reviews-v3-abc" in text
    assert "Ratings service is currently unavailable" in text


async def test_what_services_say_is_escaped(page):
    text = await html(page)
    assert "&lt;b&gt;PublisherA" in text
    assert "fine &amp; funny" in text


async def test_reviews_are_asked_twice_and_then_missed(page, neighbours):
    neighbours.answers["reviews:9080"] = 503
    assert "Sorry, product reviews are currently unavailable for this book." in await html(page)
    assert [host for host, *_ in neighbours.asked].count("reviews:9080") == 2


async def test_details_are_asked_once_and_then_missed(page, neighbours):
    neighbours.answers["details:9080"] = 500
    assert "Sorry, product details are currently unavailable for this book." in await html(page)
    assert [host for host, *_ in neighbours.asked].count("details:9080") == 1


async def test_a_slow_service_is_not_waited_for(page, neighbours, monkeypatch):
    monkeypatch.setattr(productpage, "_TIMEOUT_SECONDS", 0.05)
    neighbours.answers["reviews:9080"] = "silence"
    assert "Sorry, product reviews" in await html(page)


async def test_who_signs_in_is_named_to_the_other_services(page, neighbours):
    answer = await page.post("/login", data={"username": "jason"}, allow_redirects=False)
    assert answer.status == 303
    text = await html(page, cookies={"user": answer.cookies["user"].value})
    assert "jason" in text
    assert neighbours.headers_of("reviews:9080")["end-user"] == "jason"
    assert neighbours.headers_of("details:9080")["end-user"] == "jason"


async def test_an_end_user_header_signs_in_for_one_request(page, neighbours):
    await html(page, headers={"end-user": "jason"})
    assert neighbours.headers_of("reviews:9080")["end-user"] == "jason"


async def test_nobody_signed_in_sends_no_user(page, neighbours):
    await html(page)
    assert "end-user" not in neighbours.headers_of("reviews:9080")


async def test_signing_out_forgets_the_user(page):
    await page.post("/login", data={"username": "jason"})
    answer = await page.get("/logout", allow_redirects=False)
    assert answer.status == 303
    assert answer.cookies["user"].value == ""


@pytest.mark.parametrize("name", ["", "a b", "<script>", "x" * 65, "jason\r\nx-evil: 1", "jàson"])
async def test_a_user_name_with_anything_odd_is_refused(page, name):
    answer = await page.post("/login", data={"username": name}, allow_redirects=False)
    assert answer.status == 400
    assert "user" not in answer.cookies


async def test_the_api_answers_the_same_as_json(page):
    assert (await (await page.get("/api/v1/products")).json())[0]["title"] == "The Comedy of Errors"
    assert (await (await page.get("/api/v1/products/0")).json())["type"] == "paperback"
    assert (await (await page.get("/api/v1/products/0/reviews")).json())["podname"] == "reviews-v3-abc"
    assert (await (await page.get("/api/v1/products/0/ratings")).json()) == {"ratings": {}}


async def test_the_api_passes_on_the_status_of_a_failing_service(page, neighbours):
    neighbours.answers["details:9080"] = 418
    assert (await page.get("/api/v1/products/0")).status == 418


async def test_the_style_sheet_is_served(page):
    answer = await page.get("/static/style.css")
    assert answer.content_type == "text/css"
