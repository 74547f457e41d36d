"""A watch on the wire: every line at once, and every end for what it is."""

import io
import json
import threading
import time

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from cluster import errors, kinds, objects
from cluster.kube import KubeCluster
from cluster.kube.watching import MAX_LINE_BYTES, KubeWatch
from cluster.port import Event
from tests.cluster.scripted import status, streamed

PODS = "/api/v1/namespaces/bookinfo/pods"


def change(kind, version, name="a"):
    pod = {"metadata": {"name": name, "resourceVersion": version}, "spec": {"containers": [{"name": "app"}]}}
    return line(kind, {"apiVersion": "v1", "kind": "Pod", **pod})


def line(kind, thing):
    return json.dumps({"type": kind, "object": thing}).encode() + b"\n"


# A bookmark's fields are there and empty, as an API server sends them.
BOOKMARK = line(
    "BOOKMARK", {"metadata": {"resourceVersion": "9"}, "spec": {"containers": None}, "status": {}}
)


@pytest.fixture
def watch(url, script):
    """Opens a watch that is answered so."""

    def opened(*parts, shape=dict, silence=5.0, **how):
        script.answers["GET", PODS] = streamed(*parts, **how)
        # For other answers it has more patience than any of these tests for a watch.
        return KubeCluster.at(url, "t", timeout=(1, 60)).watch(
            kinds.POD, shape, "4", namespace="bookinfo", seconds=299.2, silence=silence
        )

    return opened


def kinds_of(events):
    return [(event.type, event.resource_version) for event in events]


def test_a_watch_asks_for_bookmarks_and_for_its_end(watch, script):
    assert list(watch()) == []
    assert script.asked[-1].query == {
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": "4",
        "timeoutSeconds": "300",
    }


@pytest.mark.parametrize("shape", [dict, objects.Pod])
def test_every_change_is_told_with_the_moment_after_it(watch, shape):
    told = list(
        watch(change("ADDED", "5"), change("MODIFIED", "6"), change("DELETED", "8"), BOOKMARK, shape=shape)
    )
    assert kinds_of(told) == [("ADDED", "5"), ("MODIFIED", "6"), ("DELETED", "8"), ("BOOKMARK", "9")]
    assert told[-1].object is None
    assert {objects.metadata_of(event.object).name for event in told[:3]} == {"a"}


def test_a_change_is_told_while_the_next_is_not_there_yet(watch):
    gate = threading.Event()
    events = iter(watch(change("ADDED", "5"), gate, change("ADDED", "6")))
    assert next(events).resource_version == "5"
    gate.set()
    assert kinds_of(events) == [("ADDED", "6")]


ENDS = {
    "in mid-line": ((change("ADDED", "5"), change("ADDED", "6")[:20]), {}, "in the middle of a change"),
    "broken off": ((change("ADDED", "5"),), {"ends": False}, "broke"),
    "no JSON": ((change("ADDED", "5"), b"<html>\n"), {}, "cannot be read"),
    "an unknown change": ((change("ADDED", "5"), line("SPLIT", {})), {}, "cannot be read"),
    "no object": ((change("ADDED", "5"), b'{"type": "ADDED"}\n'), {}, "cannot be read"),
}


@pytest.mark.parametrize(("parts", "how", "words"), ENDS.values(), ids=ENDS)
def test_an_end_in_disorder_is_told_after_what_came_before_it(watch, parts, how, words):
    told = []
    with pytest.raises(errors.Unavailable, match=words):
        collect(watch(*parts, **how), told)
    assert kinds_of(told) == [("ADDED", "5")]


def collect(events, told):
    for event in events:
        told.append(event)


TOLD = {
    "expired": (410, "Expired", {}, errors.Expired),
    "broken": (500, "InternalError", {"retryAfterSeconds": 7}, errors.Unavailable),
    "busy": (429, "TooManyRequests", {"retryAfterSeconds": 7}, errors.TooManyRequests),
    "without a code": (0, "", {"retryAfterSeconds": 7}, errors.Unavailable),
}


@pytest.mark.parametrize(("code", "reason", "details", "expected"), TOLD.values(), ids=TOLD)
def test_an_error_in_a_watch_is_one_of_the_family(watch, code, reason, details, expected):
    refused = {"kind": "Status", "status": "Failure", "message": "so it is", "metadata": {}}
    error = line("ERROR", {**refused, "code": code, "reason": reason, "details": details})
    with pytest.raises(expected, match="so it is") as refusal:
        list(watch(error, shape=objects.Pod))
    assert getattr(refusal.value, "retry_after", 7) == 7


def test_a_watch_from_too_long_ago_is_refused_at_once(url, script):
    script.answers["GET", PODS] = status(410, "Expired", "too old resource version")
    with pytest.raises(errors.Expired):
        KubeCluster.at(url, "t").watch(kinds.POD, dict, "1", namespace="bookinfo", seconds=1, silence=1)


def test_a_server_that_falls_silent_is_given_up(watch):
    gate = threading.Event()
    told = []
    with pytest.raises(errors.Unavailable, match="did not answer in time"):
        collect(watch(change("ADDED", "5"), gate, silence=0.2), told)
    gate.set()
    assert kinds_of(told) == [("ADDED", "5")]


def test_closing_from_another_thread_ends_a_watch_that_waits(watch):
    gate = threading.Event()
    opened = watch(change("ADDED", "5"), gate, silence=60.0)
    told = []
    reader = threading.Thread(target=collect, args=(opened, told))
    reader.start()
    while not told:
        time.sleep(0.001)
    opened.close()
    reader.join(timeout=10)
    assert not reader.is_alive()
    gate.set()


def test_closing_before_the_first_and_after_the_last_is_harmless(watch):
    opened = watch(change("ADDED", "5"))
    opened.close()
    assert list(opened) == []
    opened.close()


def test_a_line_without_end_is_given_up_and_not_kept(watch):
    sent = []

    def piece():
        sent.append(1)
        return b"x" * 1024 * 1024

    with pytest.raises(errors.Unavailable, match="longer than 8 MiB"):
        list(watch(*[piece] * 64))
    assert len(sent) < 64


@given(
    st.lists(st.tuples(st.sampled_from(["ADDED", "MODIFIED", "DELETED"]), st.text(max_size=20)), max_size=8),
    st.lists(st.integers(1, 40), min_size=1, max_size=30),
)
def test_however_the_bytes_are_cut_into_pieces_the_changes_are_the_same(changes, sizes):
    lines = [change(kind, str(index), name) for index, (kind, name) in enumerate(changes)]
    response = urllib3.HTTPResponse(body=Pieces(b"".join(lines), sizes), preload_content=False)
    told = list(KubeWatch(response, kinds.POD, dict))
    assert told == [
        Event(kind, str(index), json.loads(lines[index])["object"]) for index, (kind, _) in enumerate(changes)
    ]


class Pieces(io.BytesIO):
    """A connection that brings so many bytes at a time."""

    def __init__(self, content, sizes):
        super().__init__(content)
        self.sizes = sizes
        self.turn = 0

    def read1(self, amount=-1):
        self.turn += 1
        return self.read(min(amount, self.sizes[self.turn % len(self.sizes)]))


def test_the_longest_object_that_a_server_takes_fits_on_a_line():
    # k8s.io/apiserver takes bodies of up to 3 MiB; JSON may escape and indent.
    assert MAX_LINE_BYTES > 2 * 3 * 1024 * 1024
