"""The page that explains a request, as the server renders it."""

import pytest

from cluster.errors import Unavailable
from tests.pages.world import reviews_destination_rule, reviews_virtual_service

pytestmark = pytest.mark.django_db
URL = "/routing/explain/"
EVIL = "<script>alert(1)</script>"


def test_without_a_question_there_is_the_form(signed_in, cluster):
    answer = signed_in.get(URL)
    assert answer.status_code == 200
    assert "answer" not in answer.context
    assert b'name="host"' in answer.content


def test_a_question_is_answered_with_its_call(signed_in, cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 80, "v2": 0, "v3": 20}))
    answer = signed_in.get(URL, {"host": "reviews", "namespace": "bookinfo", "header": "a: b\r\nc: d"})
    text = answer.content.decode()
    assert answer.context["answer"]["rules"][0]["verdict"] == "taken"
    assert [each["width"] for each in answer.context["answer"]["destinations"]] == ["80", "0", "20"]
    call = "/api/v1/explain?host=reviews&amp;namespace=bookinfo&amp;header=a%3A+b&amp;header=c%3A+d'"
    assert call in text
    assert "a: b\nc: d</textarea>" in text


def test_wrong_fields_say_what_is_wrong_and_keep_what_was_written(signed_in, cluster):
    answer = signed_in.get(URL, {"host": EVIL, "namespace": "bookinfo", "port": "x"})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert answer.context["errors"].keys() == {"host", "port"}
    assert EVIL not in text
    assert "&lt;script&gt;" in text


def test_what_a_manifest_says_is_text(signed_in, cluster):
    made = reviews_virtual_service({"v1": 100})
    made["spec"]["http"][0] |= {"name": EVIL, "headers": {"request": {"set": {"x": EVIL}}}}
    cluster.put(made)
    answer = signed_in.get(URL, {"host": "reviews", "namespace": "bookinfo", "header": f"y: {EVIL}"})
    assert answer.status_code == 200
    assert EVIL not in answer.content.decode()


def test_a_cluster_that_is_away_is_said_and_nothing_is_made_up(signed_in, cluster):
    cluster.fail_next("list", Unavailable("timed out"))
    answer = signed_in.get(URL, {"host": "reviews", "namespace": "bookinfo"})
    assert "answer" not in answer.context
    assert "The cluster has to be read first" in answer.content.decode()


def test_a_services_page_leads_here(signed_in, cluster):
    answer = signed_in.get("/routing/bookinfo/reviews/")
    assert b"/routing/explain/?host=reviews&amp;namespace=bookinfo" in answer.content
