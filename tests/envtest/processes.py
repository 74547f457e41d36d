"""A program of a test's: it ends with the test's process, however that ends, and its words are in a file."""

import os
import signal
import socket
import subprocess
from pathlib import Path

from localmesh.processes import die_with_parent

STOP_SECONDS = 10


class Program:
    """One running program. The kernel ends it when the thread that started it does."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),  # noqa: PLW1509  one system call
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def last_words(self) -> str:
        """The end of its log."""
        return self._log.read_text("utf-8", "replace")[-2000:]

    def stop(self) -> None:
        """Ends it. What it stores is thrown away, so it need not take leave."""
        self._process.kill()
        self._process.wait(STOP_SECONDS)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port
