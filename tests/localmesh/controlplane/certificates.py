"""Certificates for tests, made by openssl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests import needs

DAYS = "2"


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, in files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.root = Pair(folder / "ca.crt", folder / "ca.key")
        self._run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS,
            "-subj", "/CN=test authority", "-keyout", str(self.root.key), "-out", str(self.root.certificate),
        )  # fmt: skip

    def issue(self, *names: str) -> Pair:
        """A certificate for these host names."""
        made = Pair(self._folder / f"{names[0]}.crt", self._folder / f"{names[0]}.key")
        alternatives = ",".join(f"DNS:{name}" for name in names)
        self._run(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", DAYS,
            "-subj", f"/CN={names[0]}", "-addext", f"subjectAltName={alternatives}",
            "-addext", "basicConstraints=critical,CA:FALSE",
            "-CA", str(self.root.certificate), "-CAkey", str(self.root.key),
            "-keyout", str(made.key), "-out", str(made.certificate),
        )  # fmt: skip
        return made

    def _run(self, *arguments: str) -> None:
        subprocess.run([needs.program("openssl"), *arguments], check=True, capture_output=True)
