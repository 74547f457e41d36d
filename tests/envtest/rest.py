"""Plain requests to an API server, for what the console's port does not offer: RBAC, definitions, faults."""

import json
from typing import Any

import urllib3


class Rest:
    """Requests with one user's token. Answers are (status, decoded body)."""

    def __init__(self, url: str, token: str, ca_file: str | None = None) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._pool = urllib3.PoolManager(ca_certs=ca_file, retries=False, timeout=30.0, maxsize=4)

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """One request. Raises urllib3.exceptions.HTTPError when nobody answers."""
        data = None if body is None else json.dumps(body).encode()
        answer = self._pool.request(method, self._url + path, headers=self._headers, body=data)
        try:
            return answer.status, json.loads(answer.data)
        except ValueError:
            return answer.status, answer.data.decode("utf-8", "replace")

    def must(self, method: str, path: str, body: Any = None) -> Any:
        """The body of a good answer. Raises RuntimeError with the server's words for any other."""
        status, answer = self.request(method, path, body)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()
