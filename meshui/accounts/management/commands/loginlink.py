"""`manage.py loginlink`: a way in for a person without a password."""

from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from meshui.accounts.models import LIFETIME, LoginLink


class Command(BaseCommand):
    """Print the path of a one-time login link."""

    help = "Print the path of a link that signs the named person in once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose link."""
        parser.add_argument("username")

    def handle(self, *_args: object, **options: Any) -> None:
        """Print it."""
        user = User.objects.filter(username=options["username"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person named {options['username']!r}.")
        hours = int(LIFETIME.total_seconds() // 3600)
        self.stdout.write(f"/login/once/{LoginLink.objects.issue(user, timezone.now())}/")
        self.stderr.write(f"Valid once, within {hours} hours, at the address where meshui listens.")
