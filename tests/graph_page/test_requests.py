"""The section of requests in the side panel: when it asks, what it shows, and what it says instead."""

import pytest
from playwright.sync_api import expect

from tests.graph_page.conftest import until
from tests.graph_page.feed import PRODUCTPAGE, REVIEWS, edge, edge_id

pytestmark = pytest.mark.browser

TO_V3 = edge_id(PRODUCTPAGE, REVIEWS[2])
NOBODY = {"namespace": "", "workload": "", "app": "", "version": ""}


def end(app, version="v1"):
    named = {"namespace": "bookinfo", "workload": f"{app}-{version}", "app": app, "version": version}
    return {"kind": "workload", **named}


def request(path="/reviews/0", second=0, **more):
    return {
        "at": f"2026-01-01T12:00:{second:02}.000Z",
        "direction": "out",
        "method": "GET",
        "path": path,
        "protocol": "HTTP/1.1",
        "code": 200,
        "flags": [],
        "duration_ms": 12.0,
        "authority": "reviews:9080",
        "agent": "curl",
        "service": "bookinfo/reviews",
        "caller": end("productpage"),
        "target": end("reviews", "v3"),
        **more,
    }


def frame(*rows, **more):
    nothing = {"message": "", "side": "caller", "followed": 1, "pods": 1, "left_out": 0, "per_second": 5.0}
    counts = {"requests": len(rows), "connections": 0, "unread": 0}
    return {"type": "requests", "state": "following", **nothing, **counts, "rows": list(rows), **more}


@pytest.fixture
def opened(page, stage):
    """The page with the calls to reviews v3 chosen, and the section open."""
    page.goto(f"/graph/?select={TO_V3}")
    page.wait_for_selector("#graph[data-seq]", state="attached")
    page.locator("#panel-requests summary").click()
    until(lambda: stage.requests.heard, "the page asks for requests")
    return page


def test_nobody_is_asked_before_the_section_is_opened(page, stage):
    page.goto(f"/graph/?select={TO_V3}")
    expect(page.locator("#panel")).to_be_visible()
    assert stage.requests.open == 0


def test_an_edge_is_asked_for_by_both_its_ends(opened, stage):
    (asked,) = stage.requests.heard
    assert (asked["type"], asked["graph_type"], asked["codes"]) == ("subscribe", "versioned_app", [])
    assert (asked["source"]["app"], asked["source"]["version"]) == ("productpage", "v1")
    assert (asked["target"]["kind"], asked["target"]["app"], asked["target"]["version"]) == (
        "app",
        "reviews",
        "v3",
    )


def test_the_newest_request_stands_on_top_with_who_called_and_what_answered(opened, stage):
    stage.requests.say(
        **frame(request("/a"), request("/b", 1, code=503, flags=["UF"], target={"kind": "unknown", **NOBODY}))
    )
    rows = opened.locator("#requests-rows tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("GET /b")
    expect(rows.nth(0)).to_contain_text("productpage v1 → reviews (no answer)")
    expect(rows.nth(0).locator(".status-failing")).to_have_text("503")
    expect(rows.nth(0).locator("abbr")).to_have_text("UF")
    expect(rows.nth(1)).to_contain_text("productpage v1 → reviews v3")
    expect(rows.nth(1)).to_contain_text("12 ms")
    stage.requests.say(**frame(request("/a"), request("/c", 2)))
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("GET /c")


def test_what_a_path_holds_is_text(opened, stage):
    stage.requests.say(**frame(request("/<img src=x onerror=alert(1)>")))
    expect(opened.locator("#requests-rows")).to_contain_text("<img src=x")
    expect(opened.locator("#requests-rows img")).to_have_count(0)


def test_of_many_the_last_hundred_stay_and_the_rest_is_counted(opened, stage):
    for part in range(6):
        rows = [request(f"/{part}/{n}", n) for n in range(20)]
        stage.requests.say(**frame(*rows, left_out=300, per_second=340.0))
    expect(opened.locator("#requests-rows tr")).to_have_count(100)
    sample = opened.locator("#requests-sample")
    expect(sample).to_contain_text("Showing 20 of about 340 a second; 1800 left out so far.")
    expect(sample).to_contain_text("From the access log of 1 pod (callers).")


def test_a_filter_asks_anew(opened, stage):
    stage.requests.say(**frame(request()))
    opened.locator("#requests-filter").select_option("5xx")
    until(lambda: len(stage.requests.heard) == 2, "the page asks anew")
    assert stage.requests.heard[1]["codes"] == ["5xx", "none"]
    expect(opened.locator("#requests-rows tr")).to_have_count(0)


def test_pausing_lets_go_of_the_line_and_keeps_what_stands_there(opened, stage):
    stage.requests.say(**frame(request()))
    opened.get_by_role("button", name="Pause").click()
    until(lambda: stage.requests.open == 0, "the line is let go")
    expect(opened.locator("#requests-note")).to_contain_text("Paused")
    expect(opened.locator("#requests-rows tr")).to_have_count(1)
    opened.get_by_role("button", name="Go on").click()
    until(lambda: stage.requests.open == 1, "the line is back")


def test_closing_the_panel_or_the_section_lets_go_of_the_line(opened, stage):
    opened.locator("#panel-requests summary").click()
    until(lambda: stage.requests.open == 0, "the line is let go")
    opened.locator("#panel-requests summary").click()
    until(lambda: stage.requests.open == 1, "the line is back")
    opened.locator("#panel-close").click()
    until(lambda: stage.requests.open == 0, "the line is let go")


def test_another_choice_begins_anew(opened, stage):
    stage.requests.say(**frame(request()))
    expect(opened.locator("#requests-rows tr")).to_have_count(1)
    opened.goto(f"/graph/?select={REVIEWS[0]}")
    until(lambda: stage.requests.heard[-1].get("source") is None, "the page asks for the node")
    assert stage.requests.heard[-1]["target"]["version"] == "v1"
    expect(opened.locator("#requests-rows tr")).to_have_count(0)


@pytest.mark.parametrize(
    ("state", "message", "said"),
    [
        (
            "refused",
            "User lena may not get pods/log in bookinfo.",
            "You may not see requests here. User lena",
        ),
        ("away", "The cluster does not answer.", "cannot be read just now. The cluster does not answer."),
        ("nothing", "No proxy of the mesh runs there.", "No proxy of the mesh runs there."),
        ("full", "This server follows as many logs as it may.", "as many logs as it may"),
        ("opening", "", "Opening the access log"),
        ("following", "", "No request has passed yet."),
    ],
)
def test_what_there_is_instead_of_rows_is_said_in_plain_words(opened, stage, state, message, said):
    stage.requests.say(**frame(state=state, message=message))
    expect(opened.locator("#requests-note")).to_contain_text(said)
    expect(opened.locator("#requests-off")).to_be_hidden()


def test_where_the_graph_sees_requests_and_the_log_does_not_it_says_how_to_switch_it_on(opened, stage, feed):
    stage.requests.say(**frame())
    expect(opened.locator("#requests-note")).to_have_text("No request has passed yet.")
    note = opened.locator("#requests-note")

    def off():
        stage.say(feed.delta(edges=[edge(PRODUCTPAGE, REVIEWS[2], 10.1)]))
        return "Istio's access log is off here." in note.text_content()

    until(off, "the section says that the log is off", seconds=30)
    expect(opened.locator("#requests-off")).to_contain_text("kind: Telemetry")


def test_of_another_moment_there_are_no_requests(page, stage):
    page.goto(f"/graph/?select={TO_V3}&at=2026-01-01T12:00:00Z")
    page.locator("#panel-requests summary").click()
    expect(page.locator("#requests-note")).to_contain_text("Requests are shown live only")
    assert stage.requests.open == 0
