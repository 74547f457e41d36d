"""Two people with different rights at one real server: what each is sent, down to the last byte.

All that stands in a namespace is called after it, so a leak of any kind shows in the text.
"""

import asyncio
import itertools
import json
import random
import time
import zlib

import aiohttp
import pytest
from django.conf import settings
from django.test import Client

from cluster import connection
from cluster.fake import FakeCluster
from telemetry.samples import EdgeLabels, RequestRate, Samples, VolumeRate
from telemetry.shortfall import Failure, Shortfall
from tests.pages.inventories import deployment, namespace, service
from tests.pages.served import console
from tests.people import person
from tests.telemetry.builders import durations
from tests.telemetry.meshes import OUTSIDE, service_in, workload_in
from tests.telemetry.viewers import Rights

pytestmark = pytest.mark.django_db(transaction=True)
# Mine, yours, and nobody's.
PLACES = ("alpha", "beta", "gamma")
MINE = {"ann": "alpha", "ben": "beta"}
TYPES = ("versioned_app", "app", "workload", "service")


class Talkative:
    """A source with traffic between all namespaces, out of the mesh, and from nowhere."""

    name = "direct"

    def __init__(self) -> None:
        self._random = random.Random(1)

    async def read(self) -> Samples:
        rates = tuple(
            RequestRate(labels, self._random.choice(("200", "503")), "", 1 + self._random.random())
            for labels in calls()
            if self._random.random() > 0.2
        )
        failures = tuple(
            Failure(place, f"{place}-pod", "did not answer", f"{place} says why") for place in PLACES
        )
        return Samples(
            taken_at=time.time(),
            window_seconds=10.0,
            requests=rates,
            durations=tuple(durations(each.labels, 0, 1, 2, 3, 4, 4) for each in rates[::2]),
            volumes=tuple(VolumeRate(each.labels, 10.0, 20.0) for each in rates),
            shortfall=Shortfall(proxies=dict.fromkeys(PLACES, 3), failures=failures),
        )

    async def close(self) -> None:
        pass


def calls():
    for source, target in itertools.product(PLACES, PLACES):
        caller = {
            "source_workload": f"{source}-web-v1",
            "source_workload_namespace": source,
            "source_canonical_service": f"{source}-web",
            "source_canonical_revision": f"{source}-v1",
            "source_cluster": f"{source}-cluster",
        }
        reached = {
            **service_in(target, "db"),
            **workload_in(target, "v2", "db"),
            "destination_cluster": f"{target}-cluster",
        }
        yield EdgeLabels(reporter="source", **caller, **reached)
        yield EdgeLabels(reporter="source", **caller, **service_in(target, "gone"))
        yield EdgeLabels(reporter="destination", **reached)
        yield EdgeLabels(reporter="source", **caller, destination_service=OUTSIDE.replace("alpha", source))


def cluster(rights: Rights) -> FakeCluster:
    made = FakeCluster((namespace(place, {}) for place in PLACES), rights=rights)
    for place in PLACES:
        made.put(service(f"{place}-idle", place))
        made.put(deployment(f"{place}-idle-v1", place, "docker.io/app:1"))
    return made


@pytest.fixture
def url(settings):
    settings.TELEMETRY_TICK_SECONDS = 0.2
    rights = Rights()
    rights.of.update({name: frozenset({place}) for name, place in MINE.items()})
    with connection.override(cluster(rights)), console(Talkative()) as address:
        yield address


class Viewer:
    """A person who keeps every byte that he is sent."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.text: list[str] = []
        client = Client()
        client.force_login(person(name, username=name))
        self.cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    async def look_at_everything(self, url: str) -> None:
        headers = {"Cookie": self.cookie, "Origin": url}
        async with aiohttp.ClientSession(headers=headers, cookie_jar=aiohttp.DummyCookieJar()) as session:
            for query in ("", "?packed=deflate"):
                async with session.ws_connect(f"{url}/ws/graph/{query}", max_msg_size=0) as line:
                    for asked in questions():
                        await line.send_json(asked)
                        await self._hear(line, 2)
            for path in addresses():
                async with session.get(f"{url}{path}") as answer:
                    self.text.append(await answer.text())

    async def _hear(self, line, frames: int) -> None:
        for _ in range(frames):
            message = await line.receive(timeout=20)
            data = message.data
            self.text.append(zlib.decompress(data, -15).decode() if isinstance(data, bytes) else data)


def questions():
    for graph_type in TYPES:
        yield {"type": "subscribe", "graph_type": graph_type, "idle": True}
    for place in PLACES:
        view = {"type": "subscribe", "graph_type": "app"}
        yield {**view, "namespaces": [place]}
        yield {**view, "fold": [place, "*outside"]}
        yield {**view, "focus": f"app:{place}/{place}-web@{place}-cluster", "depth": 5}
        yield {"type": "watch", "id": f"app:{place}/{place}-db@{place}-cluster"}
        yield {"type": "overview", "namespaces": [place]}
    yield {"type": "overview"}
    yield {"type": "resync"}
    yield {"type": "subscribe", "graph_type": "no such"}


def addresses():
    now = time.time()
    yield from (f"/api/v1/graph?graph_type={each}&idle=true" for each in TYPES)
    yield f"/api/v1/graph?at={now - 2:.0f}"
    yield f"/api/v1/graph/comparison?before={now - 2:.0f}&after={now:.0f}"
    yield from (
        "/api/v1/overview",
        "/api/v1/history",
        "/api/v1/badges",
        "/api/v1/marks?since=0",
        "/api/v1/problems",
    )
    for place in PLACES:
        node = f"app:{place}/{place}-db@{place}-cluster"
        yield f"/api/v1/series?graph_type=app&id={node}"
        yield f"/api/v1/figures?graph_type=app&id={node}&since={now - 60:.0f}&until={now:.0f}"
        yield f"/api/v1/graph?fold={place}&namespaces={place}"
    yield from ("/graph/", "/overview/", "/figures/")


def foreign(text: str, mine: str) -> list[str]:
    """The lines in which another namespace is named that the asker did not name himself."""
    others = [place for place in PLACES if place != mine]
    return [text[max(0, at - 60) : at + 60] for place in others if (at := text.find(place)) >= 0]


async def test_two_people_at_one_server_get_not_one_byte_of_what_the_other_alone_may_see(url):
    viewers = [await asyncio.to_thread(Viewer, name) for name in MINE]
    async with asyncio.timeout(120):
        await asyncio.gather(*(viewer.look_at_everything(url) for viewer in viewers))
    for viewer in viewers:
        mine = MINE[viewer.name]
        assert any(f"{mine}-web" in text for text in viewer.text)
        assert any(f"{mine}-idle" in text for text in viewer.text)
        leaks = {leak for text in viewer.text for leak in foreign(echoes_taken_out(text), mine)}
        assert leaks == set()


def echoes_taken_out(text: str) -> str:
    """Without what the person himself asked for: namespaces of the view, and what he watches."""
    try:
        said = json.loads(text)
    except ValueError:
        return text
    if isinstance(said, dict):
        for name in ("namespaces", "id"):
            if isinstance(said.get(name), str) or (
                said.get("type") in ("full", None) and "graph_type" in said
            ):
                said.pop(name, None)
    return json.dumps(said)
