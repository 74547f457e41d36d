"""`manage.py serve`, as a process of its own: ports, files, and an orderly end."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def serve(tmp_path):
    """Start `manage.py serve`; a cluster that is not there must not keep it from starting."""
    started = []

    def start(*arguments: str) -> subprocess.Popen:
        env = os.environ | {"MESHUI_DATA_DIR": str(tmp_path), "KUBECONFIG": str(tmp_path / "no-such-file")}
        command = [sys.executable, "manage.py", "serve", *arguments]
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def status(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def wait_until_up(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if status(f"{url}/healthz") == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{url} did not come up")


def test_the_first_persons_files_are_private_and_the_printed_link_signs_in(serve, tmp_path):
    process = serve("--welcome", str(tmp_path))
    output = ""
    while "Sign in once" not in output:
        output += process.stdout.readline()
    link = re.search(r"http://\S+/login/once/\S+/", output)[0]
    url = (tmp_path / "url").read_text().strip()
    wait_until_up(url)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    assert link.startswith(url)
    token = (tmp_path / "token").read_text().strip()
    request = urllib.request.Request(f"{url}/api/v1/changes", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        assert answer.status == 200
    assert status(f"{url}/api/v1/changes") == 401
    assert status(f"{url}/readyz") == 503
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with browser.open(link, timeout=5) as page:
        assert page.url == f"{url}/graph/"


def test_a_port_in_use_is_named_and_the_next_free_one_is_taken(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        process = serve("--port", str(port))
        line = process.stdout.readline()
        url = re.search(r"http://127\.0\.0\.1:(\d+)", line)
        assert int(url[1]) > port
        wait_until_up(url[0])
    process.send_signal(signal.SIGTERM)
    assert f"Port {port} on 127.0.0.1 is in use" in process.communicate(timeout=20)[1]


def test_a_termination_signal_ends_the_process_in_order(serve):
    process = serve()
    url = re.search(r"http://[^/]+", process.stdout.readline())[0]
    wait_until_up(url)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=20)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "Traceback" not in errors


def test_a_stream_of_rollouts_does_not_hold_up_the_end(serve, tmp_path):
    process = serve("--welcome", str(tmp_path))
    while "Sign in once" not in process.stdout.readline():
        pass
    url, token = ((tmp_path / name).read_text().strip() for name in ("url", "token"))
    wait_until_up(url)
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
    request = urllib.request.Request(f"{url}/api/v1/rollouts/events", headers=headers)
    with urllib.request.urlopen(request, timeout=30) as stream:
        assert stream.readline() == b"retry: 2000\n"
        process.send_signal(signal.SIGTERM)
        stream.read()  # to its end, by the server
    _, errors = process.communicate(timeout=60)
    assert process.returncode in (0, -signal.SIGTERM)
    assert "graceful shutdown exceeded" not in errors
