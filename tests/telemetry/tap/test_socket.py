"""The socket of requests, by its messages: who is shown what, and for how long."""

import asyncio
import json
from contextlib import asynccontextmanager

import pytest
from asgiref.sync import sync_to_async
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from django.urls import path

from cluster import connection, kinds
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from cluster.refs import Ref
from telemetry import person_socket, request_sockets
from telemetry.request_sockets import RequestsConsumer, websocket_urlpatterns
from telemetry.tap import directories
from telemetry.tap import viewer as viewer_module
from telemetry.tap.following import FOLLOWERS
from telemetry.tap.sight import LastSight
from tests.telemetry.browser import Browser
from tests.telemetry.tap.samples import IN, PODS, SERVICES, line, pod
from tests.telemetry.viewers import NAMESPACES, SignedIn, owner, viewer

pytestmark = pytest.mark.django_db(transaction=True)
REVIEWS = {"kind": "app", "namespace": "bookinfo", "app": "reviews"}
PRODUCTPAGE = {"kind": "app", "namespace": "bookinfo", "app": "productpage", "version": "v1"}
SUBSCRIBE = {"type": "subscribe", "graph_type": "app", "target": REVIEWS}


class Rights:
    """Lena reads bookinfo, and its logs while `logs` says so. `away`: nobody is told."""

    def __init__(self):
        self.logs = {"bookinfo"}
        self.away = False

    def __call__(self, identity, ask):
        if self.away:
            raise Unavailable("connection refused")
        if identity is None:
            return True
        if ask.subresource:
            return ask.subresource == "log" and ask.verb == "get" and ask.namespace in self.logs
        return ask.kind == kinds.SERVICE and ask.namespace == "bookinfo"


@pytest.fixture
def rights():
    return Rights()


@pytest.fixture(autouse=True)
def cluster(rights):
    named = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES]
    fake = FakeCluster([*named, *PODS, *SERVICES], rights=rights)
    for each in PODS:
        fake.write_log(each["metadata"]["namespace"], each["metadata"]["name"], "istio-proxy")
    # Answers about rights are not remembered here: each test sees its own.
    with connection.override(fake), pytest.MonkeyPatch.context() as patch:
        patch.setattr("cluster.access.KEPT_SECONDS", 0.0)
        patch.setattr("cluster.access.SILENT_SECONDS", 0.05)
        patch.setattr(request_sockets, "TICK_SECONDS", 0.02)
        patch.setattr(directories, "FRESH_SECONDS", 0.0)
        yield fake
    assert len(FOLLOWERS) == 0
    assert RequestsConsumer.viewers == 0


@pytest.fixture
def lena():
    return SignedIn(viewer("lena"))


@asynccontextmanager
async def socket(person, *, own=False, **options):
    """An open socket; with short times, or by the console's own addresses."""
    times = {"recheck_seconds": 0.1, "choose_seconds": 0.05, **options}
    routes = websocket_urlpatterns if own else [path("ws/requests/", RequestsConsumer.as_asgi(**times))]
    headers = person.headers if person else []
    browser = Browser(AuthMiddlewareStack(URLRouter(routes)), headers, "/ws/requests/", "")
    await browser.connect()
    try:
        yield browser
    finally:
        await browser.disconnect()


def write(cluster, name, *lines, namespace="bookinfo"):
    cluster.write_log(namespace, name, "istio-proxy", *(each + b"\n" for each in lines))


async def heard(browser, wanted):
    """The first message of which this is true."""
    async with asyncio.timeout(20):
        while True:
            message = await browser.message()
            if wanted(message):
                return message


async def state(browser, name):
    return await heard(browser, lambda message: message["type"] == "requests" and message["state"] == name)


async def rows(browser, number=1):
    found = []
    while len(found) < number:
        found += (await heard(browser, lambda message: message.get("rows")))["rows"]
    return found


async def test_requests_of_a_node_come_with_the_versions_and_without_their_secrets(lena, cluster):
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        found = await heard(browser, lambda message: message.get("followed") == 2)
        assert (found["state"], found["side"], found["pods"]) == ("following", "node", 2)
        write(cluster, "reviews-2", line(IN, path="/reviews/7?token=s3cr3t"))
        (row,) = await rows(browser)
        assert (row["path"], row["direction"], row["code"]) == ("/reviews/7?token=***", "in", 200)
        assert (row["caller"]["app"], row["target"]["version"]) == ("productpage", "v2")


async def test_requests_of_an_edge_come_from_the_callers_log(lena, cluster):
    async with socket(lena) as browser:
        await browser.send({**SUBSCRIBE, "source": PRODUCTPAGE})
        assert (await state(browser, "following"))["side"] == "caller"
        write(cluster, "reviews-1", line(IN, path="/not-this"))
        write(cluster, "productpage-0", line(path="/this"), line(path="/nor-this", upstream_host="1.2.3.4:5"))
        assert [row["path"] for row in await rows(browser)] == ["/this"]


async def test_only_the_wanted_answers_come(lena, cluster):
    async with socket(lena) as browser:
        await browser.send({**SUBSCRIBE, "codes": ["5xx", "none"]})
        await state(browser, "following")
        write(cluster, "reviews-1", *(line(IN, response_code=code) for code in (200, 404, 503, 0)))
        assert sorted(row["code"] for row in await rows(browser, 2)) == [0, 503]


async def test_of_many_a_sample_comes_and_the_others_are_counted(lena, cluster):
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        await state(browser, "following")
        write(cluster, "reviews-1", line(IN))
        await rows(browser)
        write(cluster, "reviews-1", *[line(IN)] * 400)
        shown = left_out = 0
        while shown + left_out < 400:
            message = await heard(browser, lambda message: message["rows"] or message["left_out"])
            shown, left_out = shown + len(message["rows"]), left_out + message["left_out"]
        assert shown + left_out == 400
        assert shown < 200


async def test_who_may_not_read_logs_sees_none_and_is_told(lena, cluster, rights):
    rights.logs.clear()
    write(cluster, "reviews-1", line(IN))
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        refused = await state(browser, "refused")
        assert refused["message"] == "User lena may not get pods/log in bookinfo."
        assert (refused["rows"], refused["followed"]) == ([], 0)
        assert [call for call in cluster.calls if call[0] == "log"] == []


async def test_a_right_that_is_withdrawn_ends_it_and_one_that_is_given_begins_it(lena, cluster, rights):
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        await state(browser, "following")
        rights.logs.clear()
        await state(browser, "refused")
        assert len(FOLLOWERS) == 0
        write(cluster, "reviews-1", line(IN))
        assert not any(json.loads(text)["rows"] for text in await everything(browser, 0.2))
        rights.logs.add("bookinfo")
        await state(browser, "following")


async def everything(browser, seconds):
    texts = []
    while not await browser.hears_nothing(seconds):
        texts.append(await browser.text())
    return texts


async def test_of_a_namespace_that_may_not_be_read_nothing_comes_and_nothing_is_asked(lena, cluster, rights):
    rights.logs.add("secret")
    write(cluster, "vault-0", line(IN), namespace="secret")
    async with socket(lena) as browser:
        await browser.send({**SUBSCRIBE, "target": {"kind": "app", "namespace": "secret", "app": "vault"}})
        assert (await state(browser, "refused"))["message"] == "You may not read this namespace."
        assert [call for call in cluster.calls if call[0] == "log"] == []


async def test_while_the_cluster_does_not_say_the_last_answer_stands_for_a_while(
    lena, cluster, rights, monkeypatch
):
    monkeypatch.setattr(request_sockets, "LastSight", lambda: LastSight(grace_seconds=0.4))
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        await state(browser, "following")
        rights.away = True
        write(cluster, "reviews-1", line(IN, path="/still"))
        assert (await rows(browser))[0]["path"] == "/still"
        assert "could not be asked" in (await state(browser, "refused"))["message"]
        rights.away = False
        await state(browser, "following")


async def test_a_new_pod_is_followed_and_one_that_went_is_let_go(lena, cluster):
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        await heard(browser, lambda message: message.get("followed") == 2)
        cluster.write_log("bookinfo", "reviews-3", "istio-proxy")
        cluster.put(pod("reviews-3", "10.0.0.33", version="v3"))
        await heard(browser, lambda message: message.get("followed") == 3)
        write(cluster, "reviews-3", line(IN, path="/new"))
        assert (await rows(browser))[0]["target"]["version"] == "v3"
        cluster.remove(Ref(kinds.POD, "bookinfo", "reviews-3"))
        await heard(browser, lambda message: message.get("pods") == 2)
        assert [key[2] for key in FOLLOWERS._by_key] == ["reviews-1", "reviews-2"]


async def test_a_log_that_cannot_be_read_is_told(lena, cluster):
    for _ in range(2):
        cluster.fail_next("log", Unavailable("10.1.2.3 does not answer"))
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        away = await state(browser, "away")
        assert away["message"] == "The cluster does not answer."


async def test_what_has_no_proxy_is_told_so(lena):
    for target in ({"kind": "unknown"}, {"kind": "app", "namespace": "bookinfo", "app": "plain"}):
        async with socket(lena) as browser:
            await browser.send({**SUBSCRIBE, "target": target})
            assert "No proxy of the mesh runs there" in (await state(browser, "nothing"))["message"]


async def test_of_several_namespaces_in_one_it_is_told_to_unfold_them(lena):
    async with socket(lena) as browser:
        await browser.send({**SUBSCRIBE, "target": {"kind": "namespace"}})
        assert "Unfold them" in (await state(browser, "nothing"))["message"]


async def test_stop_ends_what_was_followed_and_subscribing_begins_it_again(lena, cluster):
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        await state(browser, "following")
        await browser.send({"type": "stop"})
        await browser.send("nonsense")
        await heard(browser, lambda message: message["type"] == "error")
        assert len(FOLLOWERS) == 0
        await browser.send(SUBSCRIBE)
        await state(browser, "following")


async def test_two_people_share_no_log_but_one_with_himself_does(lena, cluster):
    other = await sync_to_async(lambda: SignedIn(owner()))()
    async with socket(lena) as one, socket(lena) as two, socket(other) as three:
        for browser in (one, two, three):
            await browser.send(SUBSCRIBE)
            await heard(browser, lambda message: message.get("followed") == 2)
        assert len(FOLLOWERS) == 4
        write(cluster, "reviews-1", line(IN, path="/all"))
        for browser in (one, two, three):
            assert (await rows(browser))[0]["path"] == "/all"


async def test_a_socket_that_does_not_read_costs_no_memory_and_gets_what_is_new(lena, cluster, monkeypatch):
    blocked, gate = asyncio.Event(), asyncio.Event()

    class Stuck(RequestsConsumer):
        async def _send(self, frame):
            if b'"path"' in frame and not gate.is_set():
                blocked.set()
                await gate.wait()
            await super()._send(frame)

    monkeypatch.setattr(viewer_module, "MOST_AT_ONCE", 50)
    routes = [path("ws/requests/", Stuck.as_asgi(recheck_seconds=5.0, choose_seconds=0.05))]
    browser = Browser(AuthMiddlewareStack(URLRouter(routes)), lena.headers, "/ws/requests/", "")
    await browser.connect()
    await browser.send(SUBSCRIBE)
    await state(browser, "following")
    write(cluster, "reviews-1", line(IN, path="/first"))
    await blocked.wait()
    write(cluster, "reviews-1", *(line(IN, path=f"/{n}") for n in range(1500)))
    while sum(each._counts.requests for each in FOLLOWERS._by_key.values()) < 1501:  # noqa: ASYNC110  threads set no event
        await asyncio.sleep(0.01)
    gate.set()
    assert [row["path"] for row in await rows(browser)] == ["/first"]
    after = await heard(browser, lambda message: message["rows"])
    assert after["left_out"] > 1400
    assert all(int(row["path"][1:]) >= 1450 for row in after["rows"])
    await browser.disconnect()


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("nonsense", "not understood"),
        ('{"nested":' + "[" * 10_000, "not understood"),
        ('{"type": "dance"}', "Invalid value 'dance'"),
        ('{"type": "subscribe", "graph_type": "app"}', "target"),
        ('{"type": "subscribe", "graph_type": "app", "target": {"kind": "pie"}}', "kind"),
        ('{"type": "subscribe", "graph_type": "app", "target": {"kind": "app", "app": 7}}', "app"),
        (json.dumps({**SUBSCRIBE, "codes": ["6xx"]}), "codes"),
        (json.dumps({**SUBSCRIBE, "target": {"kind": "app", "app": "a" * 300}}), "length"),
    ],
)
async def test_a_message_that_cannot_be_obeyed_is_answered_with_its_reason(lena, message, said):
    async with socket(lena) as browser:
        await browser.send(message)
        answer = await browser.message()
        assert answer["type"] == "error"
        assert said in answer["message"]


async def test_without_a_sign_in_the_socket_is_closed(lena):
    async with socket(None) as browser:
        assert await browser.close_code() == 4401


async def test_signing_out_ends_it_and_what_it_followed(lena):
    async with socket(lena) as browser:
        await browser.send(SUBSCRIBE)
        await state(browser, "following")
        await sync_to_async(lena.client.logout)()
        assert await browser.close_code() == 4401
        assert len(FOLLOWERS) == 0


async def test_there_are_no_more_of_them_than_the_server_may_have(lena, monkeypatch):
    monkeypatch.setattr(request_sockets, "MAX_VIEWERS", 0)
    async with socket(lena) as browser:
        assert "at most" in (await browser.message())["message"]
        assert await browser.close_code() == person_socket.TOO_MANY_SOCKETS


async def test_a_cluster_that_is_not_configured_ends_it(lena):
    routes = AuthMiddlewareStack(URLRouter(websocket_urlpatterns))
    browser = Browser(routes, lena.headers, "/clusters/nowhere/ws/requests/", "")
    await browser.connect()
    assert await browser.close_code() == 4404
    await browser.disconnect()


async def test_the_console_has_it_at_its_own_address(lena):
    async with socket(lena, own=True) as browser:
        await browser.send(SUBSCRIBE)
        await state(browser, "following")
