"""Which Kubernetes identity each person of the console acts with. Written by an administrator only."""

from typing import Any, ClassVar, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models

RESERVED: Final = "system:"
MAX_NAME: Final = 253
MAX_GROUPS: Final = 100


class KubernetesIdentity(models.Model):
    """The user (`username`) and groups of a person in the clusters, or (`own`) the console's own account.

    A person without a row may see and do nothing. Names that begin with `system:` are refused: they are
    Kubernetes' own parts, and `system:masters` stands above RBAC, so that no right could be taken from it.
    Who is to do everything gets a group that is bound to the ClusterRole `cluster-admin`.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="kubernetes", primary_key=True
    )
    own = models.BooleanField(default=False)
    username = models.CharField(max_length=MAX_NAME, blank=True)
    groups = models.JSONField(default=list, blank=True)

    objects: ClassVar[models.Manager["KubernetesIdentity"]] = models.Manager()

    class Meta:
        """The database itself refuses a row that is both, or neither."""

        constraints = [
            models.CheckConstraint(
                condition=models.Q(own=True, username="") | (models.Q(own=False) & ~models.Q(username="")),
                name="kubernetes_identity_is_own_or_a_user",
            )
        ]

    def __str__(self) -> str:
        return "the console's own account" if self.own else f"user {self.username}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keeps a valid identity. Raises ValidationError, and keeps nothing, for any other."""
        self.full_clean(validate_unique=False)
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Raises ValidationError for an identity that is none, or that nobody should have."""
        if self.own and (self.username or self.groups):
            raise ValidationError("Who acts with the console's own account has no user and no groups.")
        if not self.own:
            _check("user", self.username)
        if not isinstance(self.groups, list) or len(self.groups) > MAX_GROUPS:
            raise ValidationError(f"The groups must be a list of at most {MAX_GROUPS} names.")
        for group in self.groups:
            _check("group", group)


def _check(what: str, name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ValidationError(f"A {what} needs a name.")
    if len(name) > MAX_NAME or not name.isprintable() or name != name.strip():
        # It travels in a header of every request.
        raise ValidationError(
            f"The {what} {name[:80]!r} cannot be a name: at most {MAX_NAME} printable characters, "
            "without spaces around them."
        )
    if name.startswith(RESERVED):
        raise ValidationError(
            f"The {what} {name!r} is Kubernetes' own: names that begin with {RESERVED} are for its parts, "
            "and system:masters stands above RBAC. Bind a group of your own to the role instead."
        )
