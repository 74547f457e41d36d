"""One-time login links: only a digest is stored, so that a copy of the database signs nobody in."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models

LIFETIME = timedelta(hours=12)


class LoginLinkManager(models.Manager["LoginLink"]):
    """Makes and redeems links."""

    def issue(self, user: User, now: datetime) -> str:
        """Make a link's token for `user`; the token itself is returned once and kept nowhere."""
        token = secrets.token_urlsafe(32)
        self.create(user=user, digest=_digest(token), expires_at=now + LIFETIME)
        return token

    def redeem(self, token: str, now: datetime) -> User | None:
        """The person whom the token signs in, or None when it is unknown, used or too old.

        The link is claimed by one conditional update, so that of two simultaneous uses one wins.
        """
        unused = self.filter(digest=_digest(token), used_at=None, expires_at__gt=now, user__is_active=True)
        if not unused.update(used_at=now):
            return None
        return self.select_related("user").get(digest=_digest(token)).user


class LoginLink(models.Model):
    """A link that signs one person in once."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    objects: ClassVar[LoginLinkManager] = LoginLinkManager()

    def __str__(self) -> str:
        return f"login link of {self.user}"


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
