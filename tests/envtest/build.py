"""Where kube-apiserver and etcd are, and how they are built where they are not.

By the convention of the Kubernetes world the variable KUBEBUILDER_ASSETS names a folder with both programs.
Without it they are built once from the modules that go.mod beside this file pins, into a folder outside the
checkout that every checkout of the same pins shares.
"""

import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = ("kube-apiserver", "etcd")
_VERSION_PACKAGE = "k8s.io/component-base/version"
Say = Callable[[str], None]


def assets() -> Path | None:
    """The folder with both programs: as KUBEBUILDER_ASSETS names it, else as built; None when neither."""
    named = os.environ.get("KUBEBUILDER_ASSETS")
    if named:
        return Path(named) if _complete(Path(named)) else None
    if shutil.which("go") is None:
        return None
    folder = cached()
    return folder if _complete(folder) else None


def cached() -> Path:
    """The folder that this checkout's pins are built into, whether it exists or not. Needs Go."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    ingredients = [
        (HERE / "go.mod").read_text(),
        (HERE / "go.sum").read_text(),
        platform.system() + platform.machine(),
        _go("env", "GOVERSION"),
    ]
    digest = hashlib.sha256("\0".join(ingredients).encode()).hexdigest()[:16]
    return caches / "meshui" / "envtest" / digest


def ensure(say: Say) -> Path:
    """The folder with both programs, built when it is missing. `say` is told what takes long.

    Raises FileNotFoundError when KUBEBUILDER_ASSETS names a folder without them, CalledProcessError when the
    build fails; nothing half built is left where it would be found.
    """
    found = assets()
    if found is not None:
        return found
    if named := os.environ.get("KUBEBUILDER_ASSETS"):
        raise FileNotFoundError(f"KUBEBUILDER_ASSETS={named} holds no {' and '.join(PROGRAMS)}")
    folder = cached()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(folder.with_suffix(".lock"), say):
        if not _complete(folder):
            _build(folder, say)
    return folder


def definitions() -> list[Path]:
    """The files with the CustomResourceDefinitions of Istio and of the Gateway API, as go.mod pins them."""
    istio = _module("istio.io/api") / "kubernetes" / "customresourcedefinitions.gen.yaml"
    gateway_api = _module("sigs.k8s.io/gateway-api") / "config" / "crd" / "standard"
    return [istio, *sorted(gateway_api.glob("*.yaml"))]


def version_of(module: str) -> str:
    """The version that go.mod pins a module at, such as v1.36.3."""
    pins = (HERE / "go.mod").read_text()
    found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", pins, re.MULTILINE)
    if found is None:
        raise LookupError(f"go.mod does not pin {module}")
    return found[1]


def _build(folder: Path, say: Say) -> None:
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        version = version_of("k8s.io/kubernetes")
        say(f"Building kube-apiserver {version}: some minutes, once.")
        _compile(draft / "kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver", _stamped(version))
        say("Building etcd.")
        _compile(draft / "etcd", "go.etcd.io/etcd/server/v3", "")
        draft.chmod(0o755)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _stamped(version: str) -> str:
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return "".join(f" -X {_VERSION_PACKAGE}.{name}={value}" for name, value in values.items())


def _compile(target: Path, package: str, flags: str) -> None:
    options = ["-trimpath", "-buildvcs=false", "-ldflags", f"-s -w{flags}"]
    # Its standard output is kept apart: this process prints one line there, the folder.
    subprocess.run(
        ["go", "build", *options, "-o", str(target), package], cwd=HERE, check=True, stdout=sys.stderr
    )


def _module(name: str) -> Path:
    """The folder of a module's source, fetched when this machine has never seen it."""
    folder = _go("list", "-m", "-f", "{{.Dir}}", name)
    if not folder:
        _go("mod", "download", name)
        folder = _go("list", "-m", "-f", "{{.Dir}}", name)
    return Path(folder)


def _go(*arguments: str) -> str:
    done = subprocess.run(["go", *arguments], cwd=HERE, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


def _complete(folder: Path) -> bool:
    return all(os.access(folder / program, os.X_OK) for program in PROGRAMS)


@contextmanager
def _locked(path: Path, say: Say) -> Iterator[None]:
    with path.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another build is under way: waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
