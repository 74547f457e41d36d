"""`manage.py person`: makes a person, and says who he is to the clusters."""

from argparse import BooleanOptionalAction
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from cluster.models import KubernetesIdentity


class Command(BaseCommand):
    """Make a person, or give him another Kubernetes identity."""

    help = (
        "Makes or updates a person and his Kubernetes identity. What he may see and do is what the clusters' "
        "RBAC allows that user and those groups."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Who, and as whom."""
        parser.add_argument("name", help="the name in the console")
        identity = parser.add_mutually_exclusive_group(required=True)
        identity.add_argument(
            "--own", action="store_true", help="acts with the console's own account, with all of its rights"
        )
        identity.add_argument("--user", default="", metavar="USER", help="the Kubernetes user")
        parser.add_argument(
            "--group", action="append", default=[], metavar="GROUP", help="a Kubernetes group; repeatable"
        )
        parser.add_argument(
            "--link", action=BooleanOptionalAction, default=False, help="print a one-time login link's path"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        """Make or update. Raises CommandError, and changes nothing, for an identity that is not valid."""
        try:
            identity = _keep(options["name"], options["user"], options["group"], own=options["own"])
        except ValidationError as refusal:
            raise CommandError(" ".join(refusal.messages)) from refusal
        groups = f", groups {', '.join(identity.groups)}" if identity.groups else ""
        self.stderr.write(f"{options['name']} acts as {identity}{groups}.")
        if options["link"]:
            call_command("loginlink", options["name"], stdout=self.stdout, stderr=self.stderr)


@transaction.atomic
def _keep(name: str, username: str, groups: list[str], *, own: bool) -> KubernetesIdentity:
    user = User.objects.filter(username=name).first()
    if user is None:
        user = User(username=name)
        user.set_unusable_password()
        user.full_clean()
        user.save()
    identity = KubernetesIdentity(user=user, own=own, username=username, groups=groups)
    identity.save()
    return identity
