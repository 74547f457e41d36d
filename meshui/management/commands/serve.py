"""`manage.py serve`: migrate, take a port, and serve until stopped."""

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from knox.models import AuthToken

from cluster.models import KubernetesIdentity
from meshui import serving
from meshui.accounts.models import LoginLink
from routing.rolling import news

FIRST_PORT = 8400
PORTS_TRIED = 100


class Server(uvicorn.Server):
    """Ends answers that wait for news when it is told to stop: it would wait for them else."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to listen."""
        # Those who come while it stops already are to find that it does.
        news.board()
        await super().startup(sockets)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """What a signal does."""
        news.close()
        super().handle_exit(sig, frame)


class Command(BaseCommand):
    """Serve the console."""

    help = "Migrate the database and serve the console until Ctrl-C."

    def add_arguments(self, parser: CommandParser) -> None:
        """The port, and where the files for a first person's way in go."""
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument(
            "--port", type=int, default=None, help=f"default: a free one from {FIRST_PORT} on"
        )
        parser.add_argument(
            "--welcome",
            type=Path,
            default=None,
            metavar="DIR",
            help="make a person `admin`, write DIR/token and DIR/url, print a one-time login link",
        )

    def handle(self, *_args: object, **options: Any) -> None:
        """Run until stopped."""
        listener = self._listener(options["host"], options["port"])
        host, port = listener.getsockname()[:2]
        url = f"http://{host}:{port}"
        call_command("migrate", verbosity=0, interactive=False)
        self._finish_changes()
        if options["welcome"]:
            self._welcome(options["welcome"], url)
        else:
            self.stdout.write(f"meshui listens at {url}/")
        config = uvicorn.Config("meshui.asgi:application", **serving.OPTIONS)
        serving.look_for_cycles_seldom()
        # uvicorn raises the signal that stopped it once more when it is done; Ctrl-C is an orderly end here.
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(Server(config).serve(sockets=[listener]))

    def _finish_changes(self) -> None:
        """Write down how changes ended whose process died: this process is the only one on its database."""
        try:
            call_command("finish_changes", after=0)
        except CommandError as error:
            self.stderr.write(f"Interrupted changes, if any, stay open: {error}")

    def _listener(self, host: str, port: int | None) -> socket.socket:
        if port is not None:
            listener = _listen(host, port)
            if listener is not None:
                return listener
            self.stderr.write(f"Port {port} on {host} is in use; taking the next free one.")
        first = FIRST_PORT if port is None else port + 1
        for candidate in range(first, min(first + PORTS_TRIED, 65536)):
            listener = _listen(host, candidate)
            if listener is not None:
                return listener
        raise CommandError(f"No free port on {host} from {first} to {first + PORTS_TRIED - 1}.")

    def _welcome(self, directory: Path, url: str) -> None:
        admin, created = User.objects.get_or_create(username="admin", defaults={"is_superuser": True})
        if created:
            admin.set_unusable_password()
            admin.save()
        # Who starts the console has its kubeconfig at hand: more than his own rights he does not get.
        KubernetesIdentity.objects.get_or_create(user=admin, defaults={"own": True})
        AuthToken.objects.filter(user=admin, expiry=None).delete()
        _write_private(directory / "token", AuthToken.objects.create(admin, expiry=None)[1])
        _write_private(directory / "url", url)
        link = f"{url}/login/once/{LoginLink.objects.issue(admin, timezone.now())}/"
        self.stdout.write(f"\n  meshui is at  {url}/\n  Sign in once: {link}\n")
        sys.stdout.flush()


def _listen(host: str, port: int) -> socket.socket | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError):
        listener.close()
        return None
    return listener


def _write_private(path: Path, line: str) -> None:
    """Write one line so that no reader sees half of it, and nobody else sees it at all."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(line + "\n")
    new.replace(path)
