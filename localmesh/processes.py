"""Child processes that never outlive this one, with capped logs.

Every child gets a session of its own (a terminal's Ctrl-C reaches only the supervisor, which ends its
children in order) and asks the kernel to be killed when its parent dies, so even `kill -9` leaves nothing
behind. Knows nothing of pods: a command, a log file, an environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1
LOG_LIMIT_BYTES = 2 * 1024 * 1024
STOP_SECONDS = 3.0


def die_with_parent(signal_number: int, parent: int) -> Callable[[], None]:
    """A function that ties the calling process's life to its parent's (`prctl(2)`, PR_SET_PDEATHSIG).

    On systems without prctl it does nothing. `parent` is the parent's pid as known now: if the parent has
    died in the meantime, the caller ends itself, because the kernel will never send the signal.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    # Loaded here, because nothing may be imported or allocated with a lock between fork and exec.
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def tie() -> None:
        prctl(_PR_SET_PDEATHSIG, signal_number, 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal_number)

    return tie


class Child:
    """One running child process."""

    def __init__(self, popen: subprocess.Popen[bytes], log: Path | None) -> None:
        self._popen = popen
        self._log = log
        self._exited = asyncio.Event()
        self._pidfd = os.pidfd_open(popen.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._reap)

    @property
    def pid(self) -> int:
        """The process id, also its session's and group's."""
        return self._popen.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative for a signal, as in subprocess."""
        return self._popen.returncode

    async def wait(self) -> int:
        """Wait until the child ends; its exit code."""
        await self._exited.wait()
        return self._popen.returncode

    def signal(self, number: int) -> None:
        """Send a signal to the child and everything that it started."""
        if self._popen.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._popen.pid, number)

    async def stop(self, patience_seconds: float = STOP_SECONDS) -> int:
        """SIGTERM, and SIGKILL for what still runs after the patience; the exit code."""
        self.signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(patience_seconds):
                await self._exited.wait()
        except TimeoutError:
            self.signal(signal.SIGKILL)
            await self._exited.wait()
        return self._popen.returncode

    def trim_log(self, limit_bytes: int = LOG_LIMIT_BYTES) -> None:
        """Move a log that has grown over the limit aside as `.1`, so that it holds at most twice the limit.

        Copied and truncated, not renamed: the child keeps its file descriptor, which appends.
        """
        if self._log is None or not self._log.exists() or self._log.stat().st_size <= limit_bytes:
            return
        content = self._log.read_bytes()
        self._log.with_name(f"{self._log.name}.1").write_bytes(content[-limit_bytes:])
        os.truncate(self._log, 0)

    def _reap(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        # A child may leave grandchildren in its group; they end with it. Before it is reaped, because then
        # its number may already be somebody else's.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self._exited.set()


def start(command: Sequence[str], *, log: Path | None = None, env: Mapping[str, str] | None = None) -> Child:
    """Start a command, from the event loop's thread (the kernel ties the child's life to that thread's).

    With a log, its output is appended there; without, it shares ours. Raises OSError when it cannot start.
    """
    with contextlib.ExitStack() as stack:
        output = stack.enter_context(log.open("ab")) if log else None
        popen = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL if log else None,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            env=dict(env) if env is not None else None,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGKILL, os.getpid()),  # noqa: PLW1509  one system call
        )
    return Child(popen, log)
