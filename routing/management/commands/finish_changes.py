"""Ends changes whose process died in the middle; for a start-up script, or by hand."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cluster import connection
from cluster.errors import ClusterError
from routing.recovery import AFTER, finish_interrupted


class Command(BaseCommand):
    """`manage.py finish_changes`."""

    help = "Looks up what became of changes that were interrupted, and writes down their end."

    def add_arguments(self, parser: CommandParser) -> None:
        """How old a change must be to count as interrupted."""
        parser.add_argument(
            "--after",
            type=float,
            default=AFTER.total_seconds(),
            metavar="SECONDS",
            help="leave changes alone that began less than this ago (default: %(default)g)",
        )

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Runs the command. Raises CommandError, after all others, for clusters that do not answer."""
        failures = []
        for name in connection.names():
            try:
                self._finish(name, timedelta(seconds=options["after"]))
            except ClusterError as error:
                failures.append(f"{name}: {error.message}")
        if failures:
            raise CommandError(" ".join(failures))

    def _finish(self, name: str, after: timedelta) -> None:
        cluster = connection.get(name).cluster
        for change in finish_interrupted(name, cluster, timezone.now(), after=after):
            self.stdout.write(f"#{change.pk} {change.summary}: {change.state}")
