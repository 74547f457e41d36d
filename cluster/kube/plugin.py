"""Runs the exec plugin of a kubeconfig: a program that prints a credential.

Source: k8s.io/client-go, pkg/apis/clientauthentication. The client library's own runner waits for ever, may
ask at the terminal, writes what the plugin says into the log, and goes on without credentials when it fails.
"""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from cluster import decoding
from cluster.errors import Unavailable

PLUGIN_SECONDS: Final = 30.0
_FAILED: Final = "Run it by hand to see why; what it says is not shown here, as it may hold secrets."


class Credential(msgspec.Struct, rename="camel"):
    """`status` of an ExecCredential: a token, a certificate with its key (PEM), or both.

    Here and in what the kubeconfig says of a plugin, null means what nothing does, as in Go.
    """

    token: str | None = None
    client_certificate_data: str | None = None
    client_key_data: str | None = None
    expiration_timestamp: datetime | None = None

    def good_for(self, now: datetime) -> float:
        """Seconds until it expires; infinite where it does not say."""
        if self.expiration_timestamp is None:
            return float("inf")
        return (self.expiration_timestamp.astimezone(UTC) - now).total_seconds()


class _Answer(msgspec.Struct, rename="camel"):
    api_version: str
    status: Credential | None = None


class _Variable(msgspec.Struct):
    name: str
    value: str | None = None


class _Plugin(msgspec.Struct, rename="camel"):
    command: str
    api_version: str
    args: list[str] | None = None
    env: list[_Variable] | None = None
    provide_cluster_info: bool | None = False
    interactive_mode: str | None = None


def run(config: Mapping[str, Any], cluster: Mapping[str, Any], folder: Path) -> Credential:
    """What a plugin says. `config` is the user's `exec`, `cluster` the context's, `folder` the kubeconfig's.

    Raises Unavailable in words that carry nothing of what the plugin printed.
    """
    try:
        plugin = decoding.convert(config, _Plugin)
    except msgspec.ValidationError as error:
        raise Unavailable("The kubeconfig's exec plugin lacks its command or its apiVersion.") from error
    if plugin.interactive_mode == "Always":
        raise Unavailable(f"The exec plugin {plugin.command} wants a terminal, and meshui has none.")
    printed = _printed(plugin, _environment(plugin, cluster), folder)
    try:
        answer = decoding.decode(printed, _Answer)
    except msgspec.DecodeError:
        # Not "from": the decoder's words are about what was printed.
        raise Unavailable(f"The exec plugin {plugin.command} printed no ExecCredential. {_FAILED}") from None
    if answer.api_version != plugin.api_version:
        raise Unavailable(
            f"The exec plugin {plugin.command} does not speak {plugin.api_version}, as the kubeconfig asks."
        )
    found = answer.status or Credential()
    if not found.token and not (found.client_certificate_data and found.client_key_data):
        raise Unavailable(
            f"The exec plugin {plugin.command} gave neither a token nor a certificate with its key."
        )
    return found


def _printed(plugin: _Plugin, environment: Mapping[str, str], folder: Path) -> bytes:
    try:
        done = subprocess.run(
            [plugin.command, *(plugin.args or ())],
            env=environment,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PLUGIN_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise Unavailable(f"The exec plugin {plugin.command} is not on this machine.") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(
            f"The exec plugin {plugin.command} did not end within {PLUGIN_SECONDS:g} s. {_FAILED}"
        ) from None
    except OSError as error:
        raise Unavailable(f"The exec plugin {plugin.command} cannot be run: {error.strerror}.") from None
    if done.returncode != 0:
        raise Unavailable(f"The exec plugin {plugin.command} ended with {done.returncode}. {_FAILED}")
    return done.stdout


def _environment(plugin: _Plugin, cluster: Mapping[str, Any]) -> dict[str, str]:
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster_info:
        extensions = {item["name"]: item["extension"] for item in cluster.get("extensions") or ()}
        about = {key: value for key, value in cluster.items() if key != "extensions"}
        spec["cluster"] = {**about, "config": extensions.get("client.authentication.k8s.io/exec")}
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    given = {variable.name: variable.value or "" for variable in plugin.env or ()}
    return {**os.environ, **given, "KUBERNETES_EXEC_INFO": json.dumps(info)}
