"""Watching and commanding rollouts in a browser: the console whole, with the real engine, in front of a fake
cluster whose traffic follows its rules.
"""

import re
import time
from contextlib import contextmanager

import msgspec
import pytest
from django.utils import timezone
from playwright.sync_api import expect

from routing.models import Rollout, RolloutCommand
from routing.rolling import commands, records, running
from routing.rollouts.spec import Errors, Step
from tests.browsers import listen
from tests.pages.rollout_stories import NEEDS, STORIES, spec
from tests.pages.served import console
from tests.pages.world import REVIEWS, FollowingTraffic, reviews_destination_rule, reviews_virtual_service
from tests.people import own, person

pytestmark = pytest.mark.browser
STEPS = (Step(5, 1), Step(25, 1), Step(50, 1), Step(100, 1))
SLOW = (Step(25, 3600), Step(100, 3600))


class Failing(FollowingTraffic):
    """The same traffic; a part of the requests to v3 fails, as the test says."""

    ratio = 0.0

    async def read(self):
        samples = await super().read()
        counts = [part for each in samples.counts for part in self._parts(each)]
        rates = [part for each in samples.requests for part in self._rates(each)]
        return msgspec.structs.replace(samples, counts=tuple(counts), requests=tuple(rates))

    def _parts(self, each):
        bad = self._bad(each) * each.requests
        yield each._replace(requests=each.requests - bad)
        if bad:
            yield each._replace(response_code="503", requests=bad)

    def _rates(self, each):
        bad = self._bad(each) * each.requests_per_second
        yield each._replace(requests_per_second=each.requests_per_second - bad)
        if bad:
            yield each._replace(response_code="503", requests_per_second=bad)

    def _bad(self, each):
        return self.ratio if each.labels.destination_canonical_revision == "v3" else 0.0


@pytest.fixture(autouse=True)
def patience():
    """Engines, collectors and browsers share the machine with others: nothing here is about speed."""
    expect.set_options(timeout=60_000)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def source(cluster):
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 100, "v2": 0, "v3": 0}))
    return Failing(cluster)


@pytest.fixture
def ada(transactional_db):
    return person("ada")


@pytest.fixture
def served(ada, client, source, settings):
    """The address of the console."""
    settings.TELEMETRY_TICK_SECONDS = 0.2
    settings.ROUTING_COMMAND_SECONDS = 5
    client.force_login(ada)
    with console(source) as url:
        yield url


@contextmanager
def visiting(browser, client, url, **more):
    context = browser.new_context(base_url=url, viewport={"width": 1440, "height": 900}, **more)
    context.set_default_timeout(30_000)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": url}])
    page = context.new_page()
    heard = listen(page, expected=("Failed to load resource",))
    yield page
    context.close()
    assert heard == []


@pytest.fixture
def page(browser, client, served):
    with visiting(browser, client, served) as page:
        yield page


@pytest.fixture
def driven(served):
    """The real engine, as a server runs it."""
    engine = running.engine()
    engine.start()
    yield engine
    engine.stop()


def started(ada, steps=STEPS, **more):
    wanted = spec(steps, interval_seconds=1, **more)
    return records.create(wanted, ada, own(), NEEDS, note="Release 3.4", now=timezone.now())


def standing(page, words):
    expect(page.locator("#standing")).to_contain_text(words)


def live_weights(cluster):
    routes = cluster.get(REVIEWS)["spec"]["http"][0]["route"]
    return {route["destination"]["subset"]: route.get("weight", 100) for route in routes}


def test_a_healthy_rollout_is_watched_until_it_promotes_itself(page, ada, driven):
    page.goto("/rollouts/")
    expect(page.locator("#nothing")).to_contain_text("No rollout yet")
    expect(page.get_by_role("link", name="Start a rollout").first).to_have_attribute("href", "/rollouts/new/")
    row = started(ada)
    line = page.locator(f'.rollout-row[data-id="{row.pk}"]')
    expect(line).to_contain_text("v1 → v3")
    expect(page.locator("#nothing")).to_be_hidden()
    line.get_by_role("link", name="reviews").click()
    standing(page, "Promoted")
    expect(page.locator(".step.is-done")).to_have_count(4)
    expect(page.locator("#fact-weight")).to_have_text("100 %")
    expect(page.locator(".stop")).to_have_count(4)
    expect(page.locator("#log")).to_contain_text("Written: 25 % for the canary")
    page.goto("/rollouts/")
    expect(page.locator("#ended-rows .rollout-row")).to_contain_text("Promoted")


def test_harm_is_seen_with_its_figures_and_every_stop_keeps_its_evidence(page, ada, driven, source, cluster):
    row = started(ada, (Step(25, 1), Step(50, 3600), Step(100, 1)))
    page.goto(f"/rollouts/{row.pk}/")
    expect(page.locator("#fact-step")).to_have_text("2 of 3")
    source.ratio = 0.2
    standing(page, "Rolled back")
    expect(page.locator(".standing-judge")).to_contain_text("requests of the canary were bad")
    expect(page.locator(".step.is-stopped")).to_contain_text("50 %")
    assert live_weights(cluster)["v1"] == 100
    expect(page.locator('[data-panel="evidence-errors"] .fig-legend')).to_contain_text("harm")
    card = page.locator(".stop", has_text="Rolled back")
    card.locator("summary").first.click()
    expect(card.locator(".guard")).to_contain_text("more than chance and the margin explain")
    expect(page.locator("#log a", has_text="change").first).to_have_attribute(
        "href", re.compile(r"^/changes/\d+/$")
    )
    with page.expect_download() as found:
        page.get_by_role("link", name="All as JSON").click()
    assert b'"over_time"' in found.value.path().read_bytes()


def test_a_person_pauses_sets_a_weight_resumes_and_aborts(page, ada, driven, cluster):
    row = started(ada, SLOW)
    page.goto(f"/rollouts/{row.pk}/")
    expect(page.locator("#fact-step")).to_have_text("1 of 2")
    page.get_by_role("button", name="Pause").click()
    standing(page, "ada paused it.")
    page.get_by_role("button", name="Set weight").click()
    page.get_by_label("Weight in percent, exactly").fill("37")
    page.locator("#ask-weight").get_by_role("button", name="Set weight").click()
    expect(page.locator("#fact-weight")).to_have_text("37 %")
    expect(page.locator("#command-said")).to_contain_text("The weight is set")
    expect(page.locator('[data-bar="observed"] [data-text]')).to_have_text(
        re.compile("3[67]"), timeout=60_000
    )
    assert live_weights(cluster)["v3"] == 37
    page.get_by_role("button", name="Resume").click()
    standing(page, "Running")
    page.get_by_role("button", name="Abort").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("v1 100 %, v3 0 %")
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
    assert not RolloutCommand.objects.filter(name="abort").exists()
    page.get_by_role("button", name="Abort").click()
    page.keyboard.press("Enter")
    standing(page, "ada aborted it.")
    assert live_weights(cluster)["v1"] == 100
    keys = set(RolloutCommand.objects.values_list("key", flat=True))
    assert len(keys) == RolloutCommand.objects.count() == 4
    assert "" not in keys


def test_what_is_refused_says_why_and_is_not_sent(page, ada, driven):
    row = started(ada, SLOW)
    page.goto(f"/rollouts/{row.pk}/")
    back = page.get_by_role("button", name="Step back")
    expect(page.locator("#fact-step")).to_have_text("1 of 2")
    expect(back).to_have_attribute("aria-disabled", "true")
    expect(back).to_have_accessible_description(re.compile("There is no step before this one"))
    back.click(force=True)
    expect(page.locator("#command-said")).to_contain_text("There is no step before this one")
    assert not RolloutCommand.objects.exists()


def test_a_refusal_of_the_server_is_shown_in_its_words(page, ada, driven):
    row = started(ada, SLOW)
    page.goto(f"/rollouts/{row.pk}/")
    expect(page.locator("#fact-step")).to_have_text("1 of 2")
    # Somebody else was faster than the page that is looked at.
    page.evaluate("window.EventSource.prototype.addEventListener = () => {}")
    page.route(f"**/api/v1/rollouts/{row.pk}/events", lambda route: route.abort())
    page.reload()
    commands.send(row, "pause", ada, now=timezone.now())
    wait_for(lambda: Rollout.objects.get().status == "paused")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#command-said")).to_contain_text("Pause was refused. It is paused already.")


def test_without_a_leader_a_command_is_kept_and_the_page_says_so(page, ada, settings):
    settings.ROUTING_COMMAND_SECONDS = 0.2
    row = STORIES["running"](time.time()).keeps(ada)
    page.goto(f"/rollouts/{row.pk}/")
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#command-said")).to_contain_text("no leader drives the rollouts now")
    assert RolloutCommand.objects.get().handled_at is None


def test_a_rollout_that_nobody_looks_at_says_since_when(page, ada):
    row = STORIES["running"](time.time() - 600).keeps(ada)
    page.goto(f"/rollouts/{row.pk}/")
    expect(page.locator("#rollout")).to_have_attribute("data-state", "stale")
    expect(page.locator("#age")).to_contain_text("No look since")
    expect(page.get_by_role("alert")).to_contain_text("Nobody has looked at this rollout since")


def test_a_rollout_that_somebody_may_not_see_any_more_says_so_and_shows_nothing_as_new(page, ada):
    row = STORIES["promoted"](time.time()).keeps(ada)
    page.goto(f"/rollouts/{row.pk}/")
    standing(page, "Promoted")
    Rollout.objects.update(needs="Service./vault", cluster="elsewhere", version=row.version + 1)
    expect(page.get_by_role("alert")).to_contain_text("not shown to you any more")
    expect(page.locator("#rollout")).to_have_class(re.compile("frozen"))


def test_the_figures_are_read_by_the_keyboard(page, ada):
    row = STORIES["rolled_back"](time.time()).keeps(ada)
    page.goto(f"/rollouts/{row.pk}/")
    page.locator("#figures").focus()
    page.keyboard.press("End")
    expect(page.locator("#figures-said")).to_contain_text("Evidence by errors: no worse")
    expect(page.locator("#figures-at")).to_contain_text("at ")
    page.keyboard.press("Home")
    expect(page.locator('[data-panel="weight"] .fig-legend')).to_contain_text("intended 5 %")
    page.keyboard.press("Escape")
    expect(page.locator("#figures-at")).to_have_text("")


@pytest.fixture
def telephone(browser, client, served):
    with visiting(browser, client, served, is_mobile=True, has_touch=True, color_scheme="dark") as page:
        page.set_viewport_size({"width": 390, "height": 844})
        yield page


def test_at_night_on_a_telephone_evidence_and_abort_are_at_hand(telephone, ada, driven, cluster):
    row, page = started(ada, SLOW, guards=(Errors(),)), telephone
    page.goto(f"/rollouts/{row.pk}/")
    expect(page.locator("#fact-step")).to_have_text("1 of 2")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    expect(page.locator("#evidence-now .guard")).to_contain_text("requests")
    page.get_by_role("button", name="Abort").tap()
    page.get_by_role("button", name="Abort: take v3 out").tap()
    standing(page, "Aborted")
    assert live_weights(cluster)["v1"] == 100


def test_nothing_sticks_out_on_a_telephone(telephone, ada):
    for make in STORIES.values():
        row = make(time.time()).keeps(ada)
        Rollout.objects.update(occupies=None)
        telephone.goto(f"/rollouts/{row.pk}/")
        expect(telephone.locator("#evidence-now .guard").first).to_be_visible()
        assert telephone.evaluate("document.documentElement.scrollWidth") <= 390, row.status
    telephone.goto("/rollouts/")
    expect(telephone.locator(".rollout-row")).to_have_count(len(STORIES))
    assert telephone.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_graph_panel_leads_to_the_rollout_or_to_a_new_one(page, ada):
    row = STORIES["running"](time.time()).keeps(ada)
    page.goto("/graph/?select=app:bookinfo/reviews/v1&ns=bookinfo")
    link = page.locator("#routing-rollout")
    expect(link).to_have_text(f"Rollout #{row.pk}: running, 25 %")
    expect(link).to_have_attribute("href", f"/rollouts/{row.pk}/")
    Rollout.objects.update(occupies=None, status="promoted")
    page.reload()
    expect(link).to_have_text("Start rollout")
    expect(link).to_have_attribute("href", "/rollouts/new/?namespace=bookinfo&service=reviews")


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
