"""Waiting for news of rollouts: long polls, commands and server-sent events, through a real server."""

import asyncio
import http.client
import json
import threading
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from knox.models import AuthToken

from cluster import connection
from routing.api import rollout_waiting
from routing.models import Rollout
from routing.rolling import news, records, starting
from telemetry import live
from tests.pages.served import console
from tests.pages.world import FollowingTraffic
from tests.people import own, person
from tests.routing.rolling.asked import BODY, begun, ends, somebody_obeys
from tests.routing.stage import bookinfo, destination_rule, route, virtual_service

LONG = 30
"""Seconds after which a test gives up; nothing here takes as long."""


class TestBoard:
    """One look for all who wait."""

    async def test_who_waits_is_told_the_new_number(self):
        stands = {("rollout", 1): 1}
        board = news.Board(lambda keys: {key: stands[key] for key in keys}, 0.01)
        waiting = asyncio.create_task(board.wait(("rollout", 1), 1, LONG))
        await asyncio.sleep(0)
        stands["rollout", 1] = 2
        assert await waiting == 2

    async def test_nothing_new_in_time_is_what_was_seen(self):
        board = news.Board(lambda keys: dict.fromkeys(keys, 1), 0.01)
        assert await board.wait(("rollout", 1), 1, 0.05) == 1

    async def test_many_wait_by_one_look_and_nobody_looks_when_nobody_waits(self):
        looks = []
        stands = {}
        looked, loop = asyncio.Event(), asyncio.get_running_loop()

        def look(keys):
            looks.append(set(keys))
            loop.call_soon_threadsafe(looked.set)
            return {key: stands.get(key, 1) for key in keys}

        board = news.Board(look, 0.01)
        waiting = [asyncio.create_task(board.wait(("rollout", 1), 1, LONG)) for _ in range(100)]
        await looked.wait()
        stands["rollout", 1] = 2
        assert set(await asyncio.gather(*waiting)) == {2}
        assert all(keys == {("rollout", 1)} for keys in looks)
        await asyncio.sleep(0.05)
        seen = len(looks)
        await asyncio.sleep(0.05)
        assert len(looks) == seen < 100

    async def test_a_look_that_fails_is_done_again(self):
        from django.db.utils import OperationalError

        answers = [OperationalError("locked"), {("rollout", 1): 2}]

        def look(keys):
            found = answers.pop(0)
            if isinstance(found, Exception):
                raise found
            return found

        assert await news.Board(look, 0.01).wait(("rollout", 1), 1, LONG) == 2

    async def test_a_server_that_stops_sends_everybody_home(self):
        board = news.Board(lambda keys: dict.fromkeys(keys, 1), 0.01)
        waiting = asyncio.create_task(board.wait(("rollout", 1), 1, LONG))
        await asyncio.sleep(0.02)
        board.close()
        with pytest.raises(news.ClosingError):
            await waiting
        with pytest.raises(news.ClosingError):
            await board.wait(("rollout", 1), 1, LONG)


class Caller:
    """Somebody with a token, or with the cookie of a session."""

    def __init__(self, address, **headers):
        self.host = urlsplit(address).netloc
        self.headers = {"Content-Type": "application/json", **headers}

    @contextmanager
    def open(self, method, path, body=None, **headers):
        """An answer of which nothing was read yet."""
        line = http.client.HTTPConnection(self.host, timeout=LONG)
        try:
            line.request(
                method, f"/api/v1/{path}", json.dumps(body) if body is not None else None,
                {**self.headers, **headers},
            )  # fmt: skip
            yield line.getresponse()
        finally:
            line.close()

    def get(self, path):
        with self.open("GET", path) as answer:
            return answer.status, json.loads(answer.read())

    def post(self, path, body=None):
        with self.open("POST", path, body or {}) as answer:
            return answer.status, json.loads(answer.read())


def events(answer):
    """The events of a stream as (name, id, data), one after the other."""
    found = {}
    for raw in answer:
        line = raw.decode().rstrip("\n")
        if not line:
            if "event" in found:
                yield found["event"], found.get("id"), json.loads(found["data"])
            found = {}
        elif not line.startswith(":"):
            name, _, value = line.partition(": ")
            found[name] = value


@pytest.fixture
def staged(settings):
    settings.TELEMETRY_TICK_SECONDS = 0.2
    cluster = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]), destination_rule("reviews", ["v1", "v3"])
    )
    with connection.override(cluster):
        yield cluster


@pytest.fixture
def ann(transactional_db):
    return person("ann")


@pytest.fixture
def served(staged, ann):
    with console(FollowingTraffic(staged)) as address:
        yield address


@pytest.fixture
def caller(served, ann):
    _, token = AuthToken.objects.create(ann, expiry=None)
    return Caller(served, Authorization=f"Bearer {token}")


@pytest.fixture
def rollout(ann, staged):
    return starting.start(BODY, ann, own(), live.of("", None))[0].pk


def later(do):
    """Does something once somebody waits."""

    def run():
        from django.db import connection as database

        deadline = time.monotonic() + LONG
        while not rollout_waiting._seats and time.monotonic() < deadline:
            time.sleep(0.01)
        do()
        database.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_long_poll_answers_when_there_is_news(caller, rollout):
    changing = later(lambda: begun(rollout))
    status, found = caller.get(f"rollouts/{rollout}?after=1&wait=60")
    changing.join(LONG)
    assert (status, found["status"], found["version"]) == (200, "running", 2)
    assert not rollout_waiting._seats


def test_a_long_poll_answers_at_once_when_it_is_behind_and_in_time_when_there_is_no_news(caller, rollout):
    assert caller.get(f"rollouts/{rollout}?after=0&wait=60")[1]["version"] == 1
    assert caller.get(f"rollouts/{rollout}?after=1&wait=0.3")[1]["version"] == 1


def test_whoever_waits_holds_nobody_up(caller, rollout):
    waiting = [
        threading.Thread(target=caller.get, args=(f"rollouts/{rollout}?after=1&wait=60",)) for _ in range(12)
    ]
    for thread in waiting:
        thread.start()
    while rollout_waiting._seats.total() < 12:
        time.sleep(0.01)
    for _ in range(5):
        assert caller.get("rollouts")[0] == 200
    assert caller.get("services")[0] == 200
    begun(rollout)
    for thread in waiting:
        thread.join(LONG)
        assert not thread.is_alive()


def test_who_waits_for_too_much_is_told_so(caller, rollout, ann):
    with rollout_waiting.seat(ann.pk):
        rollout_waiting._seats[ann.pk] = rollout_waiting.MOST_A_PERSON
        status, found = caller.get(f"rollouts/{rollout}?after=1&wait=60")
        assert (status, found["error"]["code"]) == (429, "too_many_requests")
        with caller.open("GET", "rollouts/events") as answer:
            assert answer.status == 429
        rollout_waiting._seats[ann.pk] = 1


def test_a_command_is_answered_once_it_was_done(caller, rollout):
    begun(rollout, 1)
    with somebody_obeys():
        status, found = caller.post(f"rollouts/{rollout}/weight", {"weight": 37})
        assert (status, found["weight"]) == (200, 37)
        status, found = caller.post(f"rollouts/{rollout}/abort")
        assert (status, found["status"]) == (200, "aborted")
        status, found = caller.post(f"rollouts/{rollout}/pause")
        assert status == 409
        assert "has ended" in found["error"]["message"]


def test_a_command_that_nobody_does_is_answered_in_time(caller, rollout, settings):
    settings.ROUTING_COMMAND_SECONDS = 0.3
    status, found = caller.post(f"rollouts/{rollout}/pause")
    assert (status, found["status"]) == (202, "planned")


def test_a_stream_begins_with_what_is_known_and_tells_each_change(caller, rollout):
    with caller.open("GET", f"rollouts/{rollout}/events", Accept="text/event-stream") as answer:
        assert answer.status == 200
        assert answer.getheader("Content-Type") == "text/event-stream; charset=utf-8"
        assert answer.getheader("X-Accel-Buffering") == "no"
        told = events(answer)
        assert next(told)[:2] == ("rollout", "1")
        begun(rollout)
        name, version, found = next(told)
        assert (name, version, found["status"], found["weight"]) == ("rollout", "2", "running", 5)
        assert "log" in found
        ends(rollout)
        assert next(told)[2]["status"] == "promoted"


def test_a_stream_that_is_opened_again_goes_on_after_what_it_told(caller, rollout):
    with caller.open("GET", f"rollouts/{rollout}/events", **{"Last-Event-ID": "1"}) as answer:
        told = events(answer)
        begun(rollout)
        assert next(told)[1] == "2"


def test_the_stream_of_all_tells_of_new_ones_too(caller, rollout, ann):
    with caller.open("GET", "rollouts/events") as answer:
        told = events(answer)
        assert next(told)[2]["id"] == rollout
        other, _ = starting.start(
            {**BODY, "service": "ratings", "canary": "v2"}, ann, own(), live.of("", None)
        )
        assert next(told)[2]["id"] == other.pk
        ends(rollout)
        name, _, found = next(told)
        assert (name, found["id"], found["status"]) == ("rollout", rollout, "promoted")
        assert "log" not in found


def test_a_token_that_is_taken_away_ends_the_stream(caller, rollout):
    with caller.open("GET", f"rollouts/{rollout}/events") as answer:
        told = events(answer)
        next(told)
        AuthToken.objects.all().delete()
        begun(rollout)
        assert next(told)[0] == "end"
        assert answer.read() == b""


def test_a_session_that_ends_ends_the_stream(served, rollout, client, ann):
    client.force_login(ann)
    browser = Caller(served, Cookie=f"sessionid={client.cookies['sessionid'].value}")
    with browser.open("GET", f"rollouts/{rollout}/events") as answer:
        told = events(answer)
        next(told)
        client.logout()
        begun(rollout)
        assert next(told)[0] == "end"
    with browser.open("GET", f"rollouts/{rollout}/events") as answer:
        assert answer.status == 401


def test_who_hangs_up_gives_his_place_back(caller, rollout):
    for path in (f"rollouts/{rollout}/events", f"rollouts/{rollout}?after=1&wait=60"):
        line = http.client.HTTPConnection(caller.host, timeout=LONG)
        line.request("GET", f"/api/v1/{path}", headers=caller.headers)
        deadline = time.monotonic() + LONG
        while not rollout_waiting._seats and time.monotonic() < deadline:
            time.sleep(0.01)
        assert rollout_waiting._seats, path
        line.close()
        while rollout_waiting._seats and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not rollout_waiting._seats, path


def test_a_stream_ends_with_the_server(staged, ann, rollout):
    _, token = AuthToken.objects.create(ann, expiry=None)
    with console(FollowingTraffic(staged)) as address:
        caller = Caller(address, Authorization=f"Bearer {token}")
        with caller.open("GET", f"rollouts/{rollout}/events") as answer:
            next(events(answer))
            deadline = time.monotonic() + LONG
            while not any(board._waiting for board in news._boards.values()) and time.monotonic() < deadline:
                time.sleep(0.01)
            news.close()
            assert answer.read() == b""
    assert records.active() == [Rollout.objects.get(pk=rollout)]
