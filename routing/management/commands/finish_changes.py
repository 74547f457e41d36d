"""Ends changes whose process died in the middle; for a start-up script, or by hand."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cluster import connection
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
        """Runs the command. Raises CommandError, after all others, for changes that cannot be looked up."""
        failures = []
        after = timedelta(seconds=options["after"])
        for name in connection.names():
            found = finish_interrupted(name, connection.get(name).cluster, timezone.now(), after=after)
            for change in found.changes:
                self.stdout.write(f"#{change.pk} {change.summary}: {change.state}")
            failures += [f"{name}: {problem}" for problem in found.problems]
        if failures:
            raise CommandError(" ".join(failures))
