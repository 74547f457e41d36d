"""A console whose pages are Django's own and whose socket is played by a test.

No database: the session is a signed cookie, and the only person is made up by the backend below.
"""

import asyncio
import json
import threading
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from mimetypes import guess_type
from pathlib import Path
from urllib.parse import parse_qsl

import uvicorn
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.asgi import get_asgi_application

SETTINGS = {
    "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies",
    "AUTHENTICATION_BACKENDS": ["tests.graph_page.stage.OneOperator"],
    "MESSAGE_STORAGE": "django.contrib.messages.storage.cookie.CookieStorage",
}


class OneOperator:
    """The person who is signed in to every page of the stage."""

    @staticmethod
    def person():
        # Not active: so nobody asks the database for his Kubernetes identity.
        return User(pk=1, username="operator", password="not a hash", is_active=False)

    def authenticate(self, request):
        return None

    def get_user(self, pk):
        return self.person() if pk == 1 else None


def session_cookie():
    """The cookie of somebody who has signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    person = OneOperator.person()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return session.session_key


class Stage:
    """Every browser that connects has a line here; what the browsers say is in `heard`."""

    def __init__(self, feed):
        self.feed = feed
        self.heard = []
        self.addresses = set()
        self.services = {}
        # Answers of the REST interface by path below /api/v1/: a function of the query to (status, body).
        self.answers = {}
        self.badges = []
        self.asked = []
        self.answers_subscriptions = True
        self.refuses = False
        self.url = ""
        self._lines = {}
        self._loop = None
        self._pages = get_asgi_application()

    async def __call__(self, scope, receive, send):
        if scope["type"] == "websocket":
            self.addresses.add(scope["path"])
            await self._socket(receive, send)
        elif scope["path"].startswith("/api/v1/services"):
            await self._answer(scope["path"].removeprefix("/api/v1/services").strip("/"), send)
        elif (path := scope["path"].removeprefix("/api/v1/")) in self.answers:
            query = dict(parse_qsl(scope["query_string"].decode()))
            status, body = self.answers[path](query)
            await _respond(send, status, "application/json", json.dumps(body).encode())
        elif scope["path"] == "/api/v1/badges":
            await _respond(send, 200, "application/json", json.dumps({"badges": self.badges}).encode())
        elif scope["path"] == "/api/v1/graph":
            self.asked.append(scope["query_string"].decode())
            graph = {"nodes": list(self.feed.nodes.values()), "edges": list(self.feed.edges.values())}
            await _respond(send, 200, "application/json", json.dumps(graph).encode())
        elif scope["path"].startswith(settings.STATIC_URL):
            await static_file(scope["path"].removeprefix(settings.STATIC_URL), send)
        elif scope["type"] == "http":
            await self._pages(scope, receive, send)

    async def _socket(self, receive, send):
        await receive()
        if self.refuses:
            await send({"type": "websocket.close", "code": 1013})
            return
        await send({"type": "websocket.accept"})
        line = object()
        self._lines[line] = send
        while (event := await receive())["type"] == "websocket.receive":
            message = json.loads(event["text"])
            self.heard.append(message)
            await self._reply(message, send)
        self._lines.pop(line, None)

    async def _reply(self, message, send):
        if not self.answers_subscriptions:
            return
        if message["type"] == "subscribe":
            await _say(send, self.feed.answer(message))
        elif message["type"] == "resync":
            await _say(send, self.feed.full())
        elif message["type"] == "watch" and message["id"]:
            await _say(send, self.feed.series(message["id"]))

    async def _answer(self, key, send):
        if key:
            found = self.services.get(key)
            status, body = (
                (200, found) if found else (404, {"error": {"code": "not_found", "message": "No."}})
            )
        else:
            status, body = 200, {"services": list(self.services.values())}
        await _respond(send, status, "application/json", json.dumps(body).encode())

    def say(self, frame):
        """Sends a frame to every browser, from the test's own thread."""
        self._run(self._say_all(frame))

    async def _say_all(self, frame):
        for send in list(self._lines.values()):
            await _say(send, frame)

    def hang_up(self, code=1011):
        """Closes every line from the server's side."""
        self._run(self._close_all(code))

    async def _close_all(self, code):
        while self._lines:
            await self._lines.popitem()[1]({"type": "websocket.close", "code": code})

    def said(self, kind):
        """The browsers' messages of one type, oldest first."""
        return [message for message in self.heard if message["type"] == kind]

    def _run(self, coroutine):
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(5)

    @contextmanager
    def serving(self, port=0):
        """Serves on a free port of this machine until the block ends."""
        config = uvicorn.Config(
            self, host="127.0.0.1", port=port, log_level="error", lifespan="off", ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=self._serve, args=(server,), daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.02)
        self.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.should_exit = server.force_exit = True
            thread.join(10)

    def _serve(self, server):
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(server.serve())


async def _say(send, frame):
    await send({"type": "websocket.send", "text": json.dumps(frame)})


@cache
def _read(path):
    """Some fifty small files a page: each through Django and its threads would take the tests minutes."""
    found = finders.find(path)
    kind = "text/javascript" if path.endswith((".js", ".mjs")) else guess_type(path)[0] or "text/plain"
    return (Path(found).read_bytes() if found else None), kind


async def static_file(path, send):
    content, kind = _read(path)
    await _respond(send, 404 if content is None else 200, kind, content or b"")


async def _respond(send, status, kind, body):
    headers = [(b"content-type", kind.encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
