"""A server on a socket that answers what a test scripts, in the words of an API server."""

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from cluster import kinds
from cluster.refs import Ref

REVIEWS = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")
ALL = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices"
ONE = ALL + "/reviews"
NAMESPACES = "/api/v1/namespaces"
VERSION = "/apis/networking.istio.io/v1"
SERVED = {"kind": "APIResourceList", "resources": [{"name": "virtualservices"}, {"name": "gateways"}]}
NOTHING = {"metadata": {"resourceVersion": "7"}, "items": []}
MANIFEST = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"name": "reviews", "namespace": "bookinfo", "resourceVersion": "7"},
    "spec": {"hosts": ["reviews"]},
}
NEW = {**MANIFEST, "metadata": {"name": "reviews", "namespace": "bookinfo"}}


def status(code, reason, message, **details):
    return code, {"kind": "Status", "message": message, "reason": reason, "details": details}


@dataclass
class Asked:
    method: str
    path: str
    query: dict
    headers: object
    body: object = None

    @property
    def token(self):
        return self.headers["Authorization"]


@dataclass
class Script:
    """What a server answers, by (verb, path): (status, body), (status, bytes), or a function of the handler.

    `asked` is what it was asked; `headers` go with every answer.
    """

    answers: dict = field(default_factory=lambda: {("GET", VERSION): (200, SERVED)})
    asked: list = field(default_factory=list)
    headers: dict = field(default_factory=dict)

    def answer(self, handler):
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        raw = handler.rfile.read(length)
        is_json = "json" in (handler.headers["Content-Type"] or "")
        body = json.loads(raw) if raw and is_json else raw.decode() or None
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.asked.append(Asked(handler.command, parts.path, query, handler.headers, body))
        found = self.answers.get((handler.command, parts.path), status(404, "NotFound", "not found"))
        if callable(found):
            found(handler)
            return
        code, content = found
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(code)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def asked_for(self, path):
        return [each for each in self.asked if each.path == path]


def streamed(*parts, ends=True):
    """An answer in chunks: bytes or what a function makes, at once; an Event is waited for.

    Without `ends` it just breaks off.
    """

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        for each in parts:
            part = each() if callable(each) else each
            if isinstance(part, bytes):
                handler.wfile.write(b"%x\r\n%b\r\n" % (len(part), part))
                handler.wfile.flush()
            else:
                part.wait(20)
        if ends:
            handler.wfile.write(b"0\r\n\r\n")
        else:
            handler.close_connection = True

    return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self):
        try:
            self.server.script.answer(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, *args):
        """A client that left is no news."""


@contextmanager
def serving(script, pair=None):
    """The address of a server with this script; over TLS with a certificate and its key."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        if pair is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pair.certificate, pair.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.script = script
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"{'https' if pair else 'http'}://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def url(script):
    with serving(script) as address:
        yield address
