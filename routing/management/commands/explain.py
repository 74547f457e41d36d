"""Explains a request on the command line: from the cluster, or from files."""

import json
import sys
from pathlib import Path
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cluster import connection
from routing import explain, worlds
from routing.explain import asking, report
from routing.rules import RulesError
from routing.yaml_files import MAX_FILE_BYTES
from routing.yaml_io import YamlError

UNUSABLE: Final = 2
_OPTIONS: Final = {"header": "--header", "caller_labels": "--caller-label"}


class Command(BaseCommand):
    """`manage.py explain`."""

    help = (
        "Says what becomes of a request: which rule it takes, where it goes with which probability, which "
        "policies apply, and for each rule not taken, why. Exits with 2 for a question that cannot be read."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The request, its caller, and from what to answer."""
        add = parser.add_argument
        add("--host", default="", help="the host as the caller writes it: reviews, or api.example.com")
        add("--namespace", default="", metavar="NS", help="the namespace of a host without a dot")
        add("--port", default="", metavar="N", help="the port (default: the service's)")
        add("--path", default="/", help="the path with its query (default: %(default)s)")
        add("--method", default="GET", help="(default: %(default)s)")
        add("--scheme", default="http", help="http or https (default: %(default)s)")
        add("--header", action="append", default=[], metavar="'NAME: VALUE'", help="a header; repeatable")
        add(
            "--caller-namespace",
            default="",
            metavar="NS",
            help="where the caller runs (default: --namespace)",
        )
        add(
            "--caller-label", dest="caller_labels", action="append", default=[], metavar="K=V",
            help="a label of the caller's pod; repeatable",
        )  # fmt: skip
        add("--gateway", default="", metavar="NS/NAME", help="the gateway by which the request comes in")
        add("--sni", default="", help="of TLS: the server's name (default: the host)")
        add("--address", default="", help="of TCP: the address that is called")
        add(
            "--cluster", default="", metavar="NAME", help="the cluster to ask (default: the first configured)"
        )
        add(
            "--file", action="append", default=[], metavar="FILE",
            help="answer from this file (- for what is piped in) instead of a cluster; repeatable",
        )  # fmt: skip
        add("--format", choices=("text", "json"), default="text")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Runs the command. Raises CommandError with status 2 for a question that cannot be read, and where
        there is nothing to answer it from.
        """
        try:
            request, caller = asking.read({name: _texts(options[name]) for name in asking.FIELDS})
        except RulesError as error:
            told = " ".join(f"{_option(each.field)}: {each.message}" for each in error.errors)
            raise CommandError(told, returncode=UNUSABLE) from error
        found = explain.explain(_world(options), request, caller)
        if options["format"] == "json":
            self.stdout.write(json.dumps(found.to_json(), indent=2))
        else:
            self.stdout.write(report.text(found), ending="")


def _world(options: dict[str, Any]) -> explain.World:
    if options["file"]:
        files = {name: _content(name) for name in options["file"]}
        try:
            return worlds.of_files(files, options["namespace"] or "default")
        except YamlError as error:
            raise CommandError(str(error), returncode=UNUSABLE) from error
    try:
        there = connection.get(options["cluster"])
    except connection.UnknownClusterError:
        names = ", ".join(connection.names())
        raise CommandError(f"--cluster: there is only {names}.", returncode=UNUSABLE) from None
    seen = worlds.seen(there.acting(None))
    if seen.age_seconds is None:
        raise CommandError(seen.problem or "The cluster does not answer.", returncode=UNUSABLE)
    return seen.world


def _texts(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def _option(field: str) -> str:
    return _OPTIONS.get(field, f"--{field.replace('_', '-')}")


def _content(name: str) -> bytes:
    # One byte more than is accepted: the reader says that it is too much.
    if name == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    try:
        with Path(name).open("rb") as opened:
            return opened.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise CommandError(f"{name}: {reason}.", returncode=UNUSABLE) from error
