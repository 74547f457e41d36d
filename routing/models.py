"""Plans and changes, as they are kept. Rows are written by
`routing.plans`, `routing.apply` and `routing.revert` only.

Operations are kept as JSON with whole manifests: a revert is
made of them, whatever has become of the cluster.

`cluster` is the name of the one that a row is about, and `needs` what somebody must be allowed to read there
to see the row, as `routing.scope` writes it.

`reverts` is the newest of the changes that are taken back, `reverts_also` are the others. `touches` names the
resources of a change between spaces, as `routing.stored.touches` writes it. `process` is the one that writes
a change, as `routing.processes` names it, and `beat_at` when it last said that it does.
"""

import uuid
from typing import ClassVar, Final

from django.conf import settings
from django.db import models

MAX_CLUSTER: Final = 63
MAX_PROCESS: Final = 255


class PlanState(models.TextChoices):
    """What has become of a plan."""

    READY = "ready"
    APPLYING = "applying"
    APPLIED = "applied"
    STALE = "stale"
    FAILED = "failed"


class ChangeState(models.TextChoices):
    """What has become of a change; every one but "started" is final."""

    STARTED = "started"
    APPLIED = "applied"
    CONFLICT = "conflict"
    PARTIAL = "partial"
    FAILED = "failed"


class Plan(models.Model):
    """What somebody wants to write, and for which state of the cluster."""

    cluster = models.CharField(max_length=MAX_CLUSTER)
    needs = models.TextField(db_index=True)
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(db_index=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="plans")
    note = models.TextField(blank=True)
    state = models.CharField(max_length=16, choices=PlanState.choices, default=PlanState.READY)
    rules = models.JSONField(default=list)
    operations = models.JSONField(default=list)
    problems = models.JSONField(default=list)
    blast_radius = models.JSONField(default=dict)
    hash = models.CharField(max_length=64)
    inputs = models.JSONField(default=dict)
    summary = models.TextField()
    reverts = models.ForeignKey(
        "routing.Change", null=True, on_delete=models.PROTECT, related_name="revert_plans"
    )
    reverts_also = models.ManyToManyField("routing.Change", related_name="group_revert_plans")
    finishes = models.ForeignKey(
        "routing.Change", null=True, on_delete=models.PROTECT, related_name="finish_plans"
    )

    objects: ClassVar[models.Manager["Plan"]] = models.Manager()

    def __str__(self) -> str:
        return self.summary


class Change(models.Model):
    """What was written, by whom, and how far it came. The row is there before the first write."""

    cluster = models.CharField(max_length=MAX_CLUSTER)
    needs = models.TextField(db_index=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(
        max_length=16, choices=[("apply", "apply"), ("revert", "revert"), ("finish", "finish")]
    )
    reverts = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="reverted_by")
    reverts_also = models.ManyToManyField("self", symmetrical=False, related_name="reverted_with")
    finishes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="finished_by")
    state = models.CharField(max_length=16, choices=ChangeState.choices, default=ChangeState.STARTED)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="changes")
    at = models.DateTimeField(db_index=True)
    finished_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True)
    summary = models.TextField()
    namespace = models.CharField(max_length=63, blank=True)
    services = models.JSONField(default=list)
    operations = models.JSONField(default=list)
    message = models.TextField(blank=True)
    revert_claimed_at = models.DateTimeField(null=True)
    touches = models.TextField(blank=True)
    process = models.CharField(max_length=MAX_PROCESS, blank=True)
    beat_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Change"]] = models.Manager()

    def __str__(self) -> str:
        return f"#{self.pk} {self.summary}"
