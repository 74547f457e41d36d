"""The state folder of a localmesh: what it holds, who may use it now, what it remembers from the last run."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec


class StateInUseError(Exception):
    """Another localmesh runs on the same folder; the message says which process."""


class Memory(msgspec.Struct, frozen=True):
    """What is kept between runs: the number of the network, and whether the first manifests were applied."""

    network: int | None = None
    seeded: bool = False


@dataclass(frozen=True)
class State:
    """The files in a state folder."""

    folder: Path

    @property
    def database(self) -> Path:
        """The objects of the API server."""
        return self.folder / "localmesh.sqlite3"

    @property
    def kubeconfig(self) -> Path:
        """How clients reach the API server."""
        return self.folder / "kubeconfig"

    @property
    def client_kubeconfig(self) -> Path:
        """The same for clients that send the token as they should: its server URL holds no secret."""
        return self.folder / "kubeconfig-client"

    @property
    def log(self) -> Path:
        """The log of localmesh itself."""
        return self.folder / "localmesh.log"

    @property
    def lock(self) -> Path:
        """The lock, which holds the running process's pid."""
        return self.folder / "lock"

    @property
    def _memory(self) -> Path:
        return self.folder / "state.json"

    def recall(self) -> Memory:
        """What the last run left; nothing at first, or when the file is not readable as such."""
        try:
            return msgspec.json.decode(self._memory.read_bytes(), type=Memory)
        except (FileNotFoundError, msgspec.DecodeError):
            return Memory()

    def remember(self, memory: Memory) -> None:
        """Keep for the next run; written whole or not at all."""
        draft = self._memory.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(memory))
        draft.replace(self._memory)

    def token(self) -> str:
        """The API server's token, the same at every start, readable by its owner only."""
        path = self.folder / "apiserver-token"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(32))
        return path.read_text()

    def owner(self) -> int | None:
        """The pid of the localmesh that runs on this folder; None when none does."""
        if not self.lock.exists():
            return None
        with self.lock.open("r") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read() or 0)
        return None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the folder for this process. Raises StateInUseError when another one does.

        The kernel gives the lock back when the process ends, however it ends.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.lock.open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                pid = file.read() or "unknown"
                raise StateInUseError(
                    f"{self.folder} is in use by another localmesh (process {pid}); end that one, or choose "
                    "another folder with --state"
                ) from error
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
            yield
            file.truncate(0)
