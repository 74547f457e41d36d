"""Finding and building the API server's programs, with a `go` that is a script."""

import os
import subprocess
import sys
import threading
from select import select

import pytest

from tests import needs
from tests.envtest import build

GO = """#!/bin/sh
echo "$@" >> {log}
case "$1" in
  env) echo go9.9.9;;
  build)
    test -e {broken} && exit 2
    while test "$1" != -o; do shift; done
    echo program > "$2"; chmod +x "$2";;
esac
"""


@pytest.fixture
def go(tmp_path, monkeypatch):
    """A `go` that builds at once; its log, and the file that makes it fail."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log, broken = tmp_path / "log", tmp_path / "broken"
    program = folder / "go"
    program.write_text(GO.format(log=log, broken=broken))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("KUBEBUILDER_ASSETS", raising=False)
    return log, broken


def builds(log):
    return [line for line in log.read_text().splitlines() if line.startswith("build")]


def test_what_is_missing_is_built_once_and_found_from_then_on(go):
    log, _ = go
    assert build.assets() is None
    folder = build.ensure(lambda _: None)
    assert sorted(path.name for path in folder.iterdir()) == ["etcd", "kube-apiserver"]
    assert build.assets() == folder
    assert build.ensure(lambda _: None) == folder
    assert len(builds(log)) == 2
    assert f"gitVersion={build.version_of('k8s.io/kubernetes')}" in builds(log)[0]


def test_a_build_that_fails_leaves_nothing_to_be_found(go):
    _, broken = go
    broken.touch()
    with pytest.raises(subprocess.CalledProcessError):
        build.ensure(lambda _: None)
    assert build.assets() is None
    assert [path for path in build.cached().parent.iterdir() if path.is_dir()] == []
    broken.unlink()
    assert build.ensure(lambda _: None) == build.assets()


def test_those_who_need_it_at_once_build_it_once(go):
    log, _ = go
    found = []
    threads = [threading.Thread(target=lambda: found.append(build.ensure(lambda _: None))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [build.assets()] * 3
    assert len(builds(log)) == 2


def test_a_folder_that_is_named_is_used_and_never_built_into(go, tmp_path, monkeypatch):
    log, _ = go
    named = tmp_path / "named"
    named.mkdir()
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(named))
    assert build.assets() is None
    with pytest.raises(FileNotFoundError, match="named"):
        build.ensure(lambda _: None)
    for program in build.PROGRAMS:
        (named / program).touch(0o755)
    assert build.ensure(lambda _: None) == build.assets() == named
    assert not log.exists()


def test_where_nothing_is_built_a_test_says_what_to_do(go, monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="make envtest"):
        needs.api_server()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="make envtest"):
        needs.api_server()


STARTS = """
import pathlib, sys, time
from tests.envtest.processes import Program
print(Program(["sleep", "300"], pathlib.Path(sys.argv[1])).pid, flush=True)
time.sleep(300)
"""


def test_a_program_ends_with_the_test_even_when_that_is_killed(tmp_path):
    command = [sys.executable, "-c", STARTS, str(tmp_path / "log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as test:
        ended = os.pidfd_open(int(test.stdout.readline()))
        test.kill()
        readable, _, _ = select([ended], [], [], 20)
    os.close(ended)
    assert readable, "the program outlived the test that started it"
