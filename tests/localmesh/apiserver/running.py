"""A running API server for tests: in a thread, on a socket, with kubectl and plain requests against it."""

import asyncio
import http.client
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field

from localmesh.apiserver import kubeconfig
from localmesh.apiserver.server import ApiServer
from localmesh.apiserver.store import Store

TOKEN = "a-token-for-the-api-server-tests"
HOST = "127.83.0.1"


@dataclass
class Answer:
    status: int
    body: bytes
    headers: dict = field(default_factory=dict)

    @property
    def json(self):
        return json.loads(self.body)


class Running:
    """The server's thread, and ways to talk to it."""

    def __init__(self, store, server, loop):
        self.store = store
        self.server = server
        self._loop = loop
        self._open = []

    @property
    def url(self):
        return self.server.url

    def inside(self, function, *arguments):
        """Call something on the store where the server runs."""

        async def call():
            return function(*arguments)

        return self.run(call())

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=20)

    def raw(self, method, path, body=None, **headers):
        """A request whose path is sent exactly as it stands; closed by `hang_up`."""
        connection = http.client.HTTPConnection(HOST, self.server.port, timeout=20)
        connection.request(method, path, body, {"Authorization": f"Bearer {TOKEN}", **headers})
        response = connection.getresponse()
        self._open += [response, connection]
        return response

    def hang_up(self):
        for each in self._open:
            each.close()
        self._open.clear()

    def ask(self, method, path, body=None, *, token=TOKEN, **headers):
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if data is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.read(), dict(answer.headers.items()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read(), dict(error.headers.items()))

    def patch(self, path, body, kind="merge-patch+json", **headers):
        return self.ask("PATCH", path, body, Content_Type=f"application/{kind}", **headers)


def until(condition, seconds=20):
    """Wait for what the server's controllers do on their own."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


@contextmanager
def running(path=None, **options):
    """A server with a namespace `bookinfo`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=20)

    async def start():
        store = Store(path)
        server = ApiServer(store, TOKEN, **options)
        await server.start(HOST)
        return store, server

    store, server = run(start())
    found = Running(store, server, loop)
    try:
        found.ask("POST", "/api/v1/namespaces", {"metadata": {"name": "bookinfo"}})
        yield found
    finally:
        run(server.stop())
        loop.call_soon_threadsafe(store.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=20)
        loop.close()
        found.hang_up()


class Kubectl:
    """kubectl with the server's kubeconfig."""

    def __init__(self, program, server, folder, namespace="bookinfo"):
        self.config = folder / "kubeconfig"
        kubeconfig.write(self.config, server.url, TOKEN, namespace)
        self._start = [program, f"--kubeconfig={self.config}", f"--cache-dir={folder / 'cache'}"]

    def run(self, *arguments, text=None, code=0):
        """Run kubectl, and return what it says; `code` None takes any outcome."""
        done = subprocess.run(
            [*self._start, *arguments], input=text, capture_output=True, text=True, timeout=60, check=False
        )
        said = done.stdout + done.stderr
        assert code is None or done.returncode == code, said
        return said

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "-o", "json"))

    def start(self, *arguments):
        return subprocess.Popen([*self._start, *arguments], stdout=subprocess.PIPE, text=True)
