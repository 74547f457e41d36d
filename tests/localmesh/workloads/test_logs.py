import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from localmesh.apiserver.errors import BadRequest
from localmesh.apiserver.logs import LogOptions
from localmesh.workloads.logs import Logs

LINES = (
    "2026-01-01 11:00:00,000 INFO old\n",
    "  a second line of the same\n",
    "[2026-01-01 11:59:58.123][1][warning] young\n",
)


@dataclass(frozen=True)
class Named:
    name: str


class Runner:
    """A pod with two containers, of which only the first has written anything."""

    pod = {"metadata": {"name": "reviews"}}
    containers = (Named("reviews"), Named("istio-proxy"))

    def __init__(self, folder):
        self.folder = folder

    def log(self, container):
        return self.folder / f"{container}.log"


class OnePod:
    def __init__(self, folder):
        self._runner = Runner(folder)

    def runner(self, namespace, pod):
        return self._runner if (namespace, pod) == ("bookinfo", "reviews") else None


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "reviews.log"
    path.write_text("".join(LINES))
    return path


@pytest.fixture
def read(log):
    logs = Logs(OnePod(log.parent), lambda: datetime(2026, 1, 1, 12, tzinfo=UTC))

    async def of(pod="reviews", **options):
        pieces = logs("bookinfo", pod, LogOptions(**{"container": "reviews", **options}))
        return b"".join([piece async for piece in pieces]).decode()

    of.logs = logs
    return of


async def test_the_whole_log_is_read(read):
    assert await read() == "".join(LINES)


@pytest.mark.parametrize(("lines", "expected"), [(0, ""), (1, LINES[2]), (9, "".join(LINES))])
async def test_the_last_lines_are_read(read, lines, expected):
    assert await read(tail_lines=lines) == expected


async def test_only_so_many_bytes_are_read(read):
    assert await read(limit_bytes=5) == "2026-"


async def test_only_young_lines_are_read_and_a_line_without_time_is_as_old_as_the_one_before(read):
    assert await read(since_seconds=60) == LINES[2]


async def test_a_line_of_the_access_log_is_as_old_as_its_request(read, log):
    lines = [f'{{"method":"GET","start_time":"2026-01-01T11:{at}.120Z"}}\n' for at in ("00:00", "59:58")]
    log.write_text("".join(lines))
    assert await read(since_seconds=60) == lines[1]


async def test_a_log_is_followed_from_its_end(read, log):
    pieces = read.logs("bookinfo", "reviews", LogOptions(container="reviews", follow=True, tail_lines=0))
    assert await anext(pieces) == b""
    with log.open("a") as file:
        file.write("more\n")
    assert await anext(pieces) == b"more\n"


async def test_times_are_put_before_the_lines(read):
    assert (await read(timestamps=True)).splitlines()[1] == "2026-01-01T11:00:00Z   a second line of the same"


async def test_a_log_is_followed_also_after_it_was_cut_until_it_is_gone(read, log):
    pieces = read.logs("bookinfo", "reviews", LogOptions(container="reviews", follow=True))
    assert await anext(pieces) == "".join(LINES).encode()
    with log.open("a") as file:
        file.write("more\n")
    assert await anext(pieces) == b"more\n"
    log.write_text("anew\n")
    assert await anext(pieces) == b"anew\n"
    log.unlink()
    async with asyncio.timeout(5):
        assert [piece async for piece in pieces] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"pod": "nobody"}, "does not run on this node"),
        ({"container": "nobody"}, "container nobody is not valid"),
        ({"container": None}, "choose one of"),
        ({"container": "istio-proxy"}, "is waiting to start"),
        ({"previous": True}, "one log holds all restarts"),
    ],
)
async def test_what_cannot_be_read_is_told(read, options, told):
    with pytest.raises(BadRequest, match=told):
        await read(**options)
