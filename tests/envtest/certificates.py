"""The keys and certificates of an API server for tests: a CA, what it signs, and a key for service accounts.

Made with the `openssl` program, so that the project needs no library for tests alone. Elliptic curves: an RSA
key takes a second to find.
"""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests import needs

_DAYS = "30"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder of its own; everybody who trusts it trusts what it signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clients = 0
        self._openssl = needs.program("openssl")
        self._own = Pair(folder / "ca.crt", new_key(folder / "ca.key"))
        self._run(
            "req", "-x509", "-new", "-key", self._own.key, "-out", self._own.certificate, "-days", _DAYS,
            "-subj", "/CN=envtest", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
        )  # fmt: skip

    @property
    def certificate(self) -> Path:
        """The CA's own certificate: what a client is given as its `ca_file`."""
        return self._own.certificate

    def server(self, address: str) -> Pair:
        """The certificate of a server at an IP address."""
        return self._sign("server", "/CN=kube-apiserver", f"subjectAltName=IP:{address}\n")

    def named(self, *names: str) -> Pair:
        """The certificate of a server with these names, as `DNS:hooks.example` or `IP:127.0.0.1`."""
        self._clients += 1
        return self._sign(f"named-{self._clients}", "/CN=named", f"subjectAltName={','.join(names)}\n")

    def client(self, user: str, groups: tuple[str, ...]) -> Pair:
        """A client's certificate. Kubernetes reads the user from CN and the groups from O."""
        subject = "".join(f"/O={group}" for group in groups) + f"/CN={user}"
        self._clients += 1
        return self._sign(f"client-{self._clients}", subject, "extendedKeyUsage=clientAuth\n")

    def _sign(self, name: str, subject: str, extensions: str) -> Pair:
        pair = Pair(self._folder / f"{name}.crt", new_key(self._folder / f"{name}.key"))
        request, extra = self._folder / f"{name}.csr", self._folder / f"{name}.ext"
        extra.write_text(extensions)
        self._run("req", "-new", "-key", pair.key, "-subj", subject, "-out", request)
        self._run(
            "x509", "-req", "-in", request, "-CA", self._own.certificate, "-CAkey", self._own.key,
            "-CAcreateserial", "-days", _DAYS, "-extfile", extra, "-out", pair.certificate,
        )  # fmt: skip
        return pair

    def _run(self, *arguments: str | Path) -> None:
        subprocess.run([self._openssl, *arguments], check=True, capture_output=True)


def new_key(path: Path) -> Path:
    """Writes a new private key, in the form that kube-apiserver takes for service accounts too (SEC 1)."""
    command = [needs.program("openssl"), "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", path]
    subprocess.run(command, check=True, capture_output=True)
    return path
