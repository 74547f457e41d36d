"""Who has which bearer token: the answers to an API server's token webhook.

A file of static tokens would be read once at the API server's start. Through its webhook a test can make up a
user at any moment. Source: k8s.io/api, authentication/v1, TokenReview.
"""

import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ADMIN = ("admin", "system:masters")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    users: dict[str, dict[str, Any]]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *args):
        pass

    def do_POST(self):
        review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        user = self.server.users.get(review["spec"]["token"])
        status = {"authenticated": True, "user": user} if user else {"authenticated": False}
        answer = json.dumps(
            {"apiVersion": review["apiVersion"], "kind": "TokenReview", "status": status}
        ).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)


class Tokens:
    """The tokens of one API server, and the webhook that knows them."""

    def __init__(self) -> None:
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.users = {}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def add(self, user: str, *groups: str) -> str:
        """A new token of a user in these groups."""
        token = secrets.token_urlsafe(24)
        self._server.users[token] = {"username": user, "uid": user, "groups": [*groups]}
        return token

    def configuration(self, path: Path) -> Path:
        """Writes the file that tells the API server where the webhook is: a kubeconfig, by convention."""
        address = f"http://127.0.0.1:{self._server.server_port}/"
        path.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "clusters": [{"name": "tokens", "cluster": {"server": address}}],
                    "users": [{"name": "kube-apiserver", "user": {}}],
                    "contexts": [{"name": "it", "context": {"cluster": "tokens", "user": "kube-apiserver"}}],
                    "current-context": "it",
                }
            )
        )
        return path

    def stop(self) -> None:
        """Ends the webhook."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
