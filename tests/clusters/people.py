"""People of a running console: a REST token, a browser's session, and a websocket for each."""

import http.cookiejar
import json
import re
import urllib.error
import urllib.request
from contextlib import contextmanager

from websockets.sync.client import connect

_TOKEN = (
    "from django.contrib.auth.models import User; from knox.models import AuthToken; "
    "print(AuthToken.objects.create(User.objects.get(username={name!r}))[1])"
)


class Person:
    """One person with an identity in the cluster, or without one."""

    def __init__(self, console, name, *identity):
        self._console = console
        if identity:
            said = console.manage("person", name, *identity, "--link")
        else:
            console.manage("shell", "--no-imports", "-c", _MAKE.format(name=name))
            said = console.manage("loginlink", name)
        self.token = console.manage("shell", "--no-imports", "-c", _TOKEN.format(name=name)).strip()
        self._jar = http.cookiejar.CookieJar()
        self._browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self.page(re.search(r"login/once/\S+", said)[0])

    def get(self, path):
        """Status and parsed answer of a REST call."""
        return self._console.get(f"api/v1/{path}", token=self.token)

    def post(self, path, body):
        return self._console.post(f"api/v1/{path}", body, token=self.token)

    def page(self, path):
        """Status and text of a page, in the person's session."""
        try:
            with self._browser.open(f"{self._console.url}/{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    @contextmanager
    def socket(self, *, namespaces=(), graph_type="versioned_app"):
        """The graph's websocket with a subscription."""
        cookies = "; ".join(f"{each.name}={each.value}" for each in self._jar)
        address = self._console.url.replace("http", "ws", 1) + "/ws/graph/"
        with connect(address, origin=self._console.url, additional_headers={"Cookie": cookies}) as opened:
            wish = {"type": "subscribe", "graph_type": graph_type, "namespaces": list(namespaces)}
            opened.send(json.dumps(wish))
            yield opened


_MAKE = "from django.contrib.auth.models import User; User.objects.create_user({name!r})"


def frames(socket, count):
    """The next messages of a socket, as text."""
    return [socket.recv(timeout=20) for _ in range(count)]


def split(namespace, service, **weights):
    """A plan's request: a weighted split."""
    rule = {"kind": "split", "namespace": namespace, "service": service, "weights": weights}
    return {"rules": [rule]}
