"""Threads that begin to decode together: in a process of its own, as a crash would take the tests along."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from cluster import decoding

ROOT = Path(__file__).resolve().parents[2]
TOGETHER = """
import sys, threading
from cluster import kinds, objects
from cluster.kube import answers, watching

sys.setswitchinterval(1e-6)
EMPTY = b'{"metadata": {"resourceVersion": "1"}, "items": []}'
REFUSED = b'{"kind": "Status", "message": "no", "details": {"causes": []}}'
begin = threading.Barrier(len(objects.SHAPES))

def read(kind):
    begin.wait()
    assert answers.page(EMPTY, kind, objects.shape_of(kind)).items == ()
    watching.KubeWatch(None, kind, objects.shape_of(kind))
    answers.refusal(403, {}, REFUSED)
    answers.plurals(b'{"kind": "APIResourceList", "resources": []}')

threads = [threading.Thread(target=read, args=(kind,)) for kind in objects.SHAPES]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def test_threads_that_begin_together_do_not_bring_the_process_down():
    for _ in range(5):
        done = subprocess.run([sys.executable, "-c", TOGETHER], cwd=ROOT, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_decoder_is_made_once():
    class Shape(msgspec.Struct):
        name: str

    assert decoding.decoder(Shape) is decoding.decoder(Shape)
    assert decoding.decode(b'{"name": "x"}', Shape) == decoding.convert({"name": "x"}, Shape) == Shape("x")
    with pytest.raises(msgspec.DecodeError):
        decoding.decode(b"[]", Shape)
