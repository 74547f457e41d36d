"""The command line of localmesh: `run` a mesh, or show how much `memory` a running one takes."""

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Sequence
from logging.handlers import RotatingFileHandler
from pathlib import Path

from localmesh import memory, processes
from localmesh.network import NetworkUnavailableError
from localmesh.state import State, StateInUseError
from localmesh.workloads.tuning import MAX_REQUESTS_PER_SECOND

_LOG_BYTES = 2 * 1024 * 1024


def parser() -> argparse.ArgumentParser:
    """The arguments of `python -m localmesh`."""
    top = argparse.ArgumentParser(
        prog="python -m localmesh", description="A mesh of real Envoys on this machine."
    )
    commands = top.add_subparsers(dest="what", required=True)
    run = commands.add_parser("run", help="bring the mesh up, and down again at the end")
    run.add_argument("--state", type=Path, required=True, metavar="DIR", help="where everything is kept")
    run.add_argument("--rate", type=_rate, metavar="R", help="traffic in requests per second (default 20)")
    run.add_argument("--die-with-parent", action="store_true", help="stop when the parent process ends")
    run.add_argument(
        "command",
        nargs=argparse.REMAINDER,
        metavar="-- CMD ...",
        help="run this beside the mesh, with KUBECONFIG set, and end with it",
    )
    show = commands.add_parser("memory", help="show what a running mesh takes, process by process")
    show.add_argument("--state", type=Path, required=True, metavar="DIR")
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code.

    2 means that something about the machine or the arguments is not right.
    """
    options = parser().parse_args(arguments)
    return _memory(options) if options.what == "memory" else _run(options)


def _memory(options: argparse.Namespace) -> int:
    owner = State(options.state).owner()
    if owner is None:
        return _refuse(f"no localmesh runs on {options.state}")
    print(memory.table(memory.usage(owner)))  # noqa: T201  the command's output
    return 0


def _run(options: argparse.Namespace) -> int:
    # Imported here: `memory` needs none of it, and the API server takes its time.
    from localmesh import supervisor  # noqa: PLC0415
    from localmesh.seeding import SeedingError  # noqa: PLC0415

    if options.die_with_parent:
        processes.die_with_parent(signal.SIGTERM, os.getppid())()
    command = tuple(options.command[1:] if options.command[:1] == ["--"] else options.command)
    try:
        _log_to(State(options.state))
        return asyncio.run(supervisor.run(supervisor.Options(options.state, options.rate, command), _say))
    except (NetworkUnavailableError, StateInUseError, SeedingError, OSError) as error:
        return _refuse(str(error))


def _log_to(state: State) -> None:
    state.folder.mkdir(parents=True, exist_ok=True)
    file = RotatingFileHandler(state.log, maxBytes=_LOG_BYTES, backupCount=1)
    screen = logging.StreamHandler()
    screen.setLevel(logging.ERROR)
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", handlers=[file, screen]
    )


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  the command's output


def _refuse(message: str) -> int:
    print(f"localmesh: {message}", file=sys.stderr)  # noqa: T201  the command's output
    return 2


def _rate(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MAX_REQUESTS_PER_SECOND:
        raise argparse.ArgumentTypeError(f'"{text}" is not a number from 0 to {MAX_REQUESTS_PER_SECOND:g}')
    return value


if __name__ == "__main__":
    sys.exit(main())
