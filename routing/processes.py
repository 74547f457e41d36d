"""Names the process that writes a change, so that another can know whether it is gone.

Only of a process of the same machine, since the same boot and in the same PID namespace, can that be known;
of any other it is for its last sign of life to tell.
"""

import os
import socket
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


def me() -> str:
    """How this process is called: `host boot namespace pid start`; empty where the system does not say."""
    # Not remembered: after a fork it would be the parent's.
    return _named(os.getpid())


def is_gone(process: str) -> bool:
    """Whether a process, as `me` named it, has certainly ended."""
    place, _, number_and_start = process.rpartition(" ")
    place, _, number = place.rpartition(" ")
    if not process or place != _place() or not number.isdecimal():
        return False
    return _started(int(number)) != number_and_start


def _named(number: int) -> str:
    place, started = _place(), _started(number)
    return f"{place} {number} {started}" if place and started else ""


@cache
def _place() -> str:
    try:
        host = socket.gethostname().replace(" ", "")[:100]
        return f"{host} {_BOOT.read_text().strip()} {_NAMESPACE.readlink()}"
    except OSError:
        return ""


def _started(number: int) -> str:
    """When a process started, in ticks since boot; empty when there is none. Source: proc_pid_stat(5)."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    # A zombie has ended, and waits only for its parent.
    return "" if fields[0] in {"Z", "X"} else fields[19]
