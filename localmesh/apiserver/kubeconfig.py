"""The kubeconfig with which `kubectl` and the console find the API server.

`kubectl` sends no credentials over plain HTTP, whatever its kubeconfig says. For it the token stands in the
server's URL as well, as a path in front of the API's own; such a URL is as secret as the token. Other
clients send the header.
"""

import os
from pathlib import Path

import yaml

CONTEXT = "localmesh"

#: The API answers under `/{TOKEN_PATH}/{token}` too.
TOKEN_PATH = "with-token"  # noqa: S105 (a path, not a token)


def write(
    path: Path, server: str, token: str, namespace: str = "bookinfo", *, for_kubectl: bool = True
) -> None:
    """Write a kubeconfig for a server's URL and token, readable by its owner only; replaced in one step.

    With `for_kubectl` the server's URL carries the token. Without it the URL may be shown and logged.
    """
    if for_kubectl:
        server = f"{server}/{TOKEN_PATH}/{token}"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": CONTEXT, "cluster": {"server": server}}],
        "users": [{"name": CONTEXT, "user": {"token": token}}],
        "contexts": [
            {"name": CONTEXT, "context": {"cluster": CONTEXT, "user": CONTEXT, "namespace": namespace}}
        ],
        "current-context": CONTEXT,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(config, file, sort_keys=False)
    draft.replace(path)
