"""Other people's services on loopback: some that answer, some that misbehave."""

import contextlib
import json
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field


@dataclass
class Request:
    """What a receiver got."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server of one behaviour. `behave(connection)` answers; it may take its time, for `over` ends it."""

    behave: object
    context: ssl.SSLContext | None = None
    host: str = "127.0.0.1"
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    server_names: list[str] = field(default_factory=list)

    def __enter__(self):
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.over = threading.Event()
        self._listener = socket.socket(family)
        self._listener.bind((self.host, 0))
        self._listener.listen(50)
        self.port = self._listener.getsockname()[1]
        if self.context:
            self.context.sni_callback = lambda _sock, name, _context: self.server_names.append(name)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    @property
    def place(self):
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def url(self, path="/", host=None):
        scheme = "https" if self.context else "http"
        return f"{scheme}://{host}:{self.port}{path}" if host else f"{scheme}://{self.place}{path}"

    def _accept(self):
        threads = []
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            self.connections += 1
            threads.append(threading.Thread(target=self._serve, args=(connection,), daemon=True))
            threads[-1].start()
        for thread in threads:
            thread.join()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError), connection:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection:
                self.behave(self, connection)

    def read(self, connection):
        """One request, kept."""
        with connection.makefile("rb") as file:
            line = file.readline().decode().strip()
            headers = {}
            while header := file.readline().decode("latin-1").strip():
                name, _, value = header.partition(":")
                headers[name.lower()] = value.strip()
            body = file.read(int(headers.get("content-length", 0)))
        self.requests.append(Request(line, headers, body))
        return self.requests[-1]


def answer(status, text="", **headers):
    """A behaviour: this answer, whatever is asked."""
    body = text.encode()
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    sent = "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def behave(receiver, connection):
        receiver.read(connection)
        connection.sendall(sent)

    return behave


def in_turn(*behaviours):
    """One behaviour after the other, the last for ever."""
    left = list(behaviours)
    lock = threading.Lock()

    def behave(receiver, connection):
        with lock:
            one = left.pop(0) if len(left) > 1 else left[0]
        one(receiver, connection)

    return behave


def raw(data):
    """A behaviour: these bytes, and the end."""

    def behave(receiver, connection):
        receiver.read(connection)
        connection.sendall(data)

    return behave


def drip(head, byte=b"x"):
    """A behaviour: a beginning, and then a byte every now and then until the receiver is over."""

    def behave(receiver, connection):
        receiver.read(connection)
        connection.sendall(head)
        while not receiver.over.wait(0.05):
            connection.sendall(byte)

    return behave


def flood(head):
    """A behaviour: a beginning, and then more than anybody wants to have."""

    def behave(receiver, connection):
        receiver.read(connection)
        connection.sendall(head)
        until = time.monotonic() + 30
        while time.monotonic() < until and not receiver.over.is_set():
            connection.sendall(b"x" * 65536)

    return behave


def silent(receiver, connection):
    """A behaviour: takes the request, and says nothing."""
    receiver.read(connection)
    receiver.over.wait(60)


def deaf(receiver, connection):
    """A behaviour: takes the connection, and nothing else."""
    receiver.over.wait(60)
