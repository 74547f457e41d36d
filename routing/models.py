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


class RolloutStatus(models.TextChoices):
    """How a rollout stands: `routing.rollouts.states.Status`."""

    PLANNED = "planned"
    RUNNING = "running"
    PAUSED = "paused"
    HELD = "held"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled_back"
    ABORTED = "aborted"
    GONE = "gone"


class Rollout(models.Model):
    """A canary rollout. `spec` and `state` are what `routing.rollouts` writes and reads; the columns beside
    them repeat what is listed and searched. Rows are written by `routing.rolling` only.

    `epoch`: of the leader who wrote it last. `version` grows with everything that can be seen of it.
    `occupies`: the service while this rollout is not ended, so that there is one at a time. `key`: by which
    whoever started it finds it again. Shares are ratios (0-1) of the canary. `counted_from`: since when
    requests count for the share of what was written last, in seconds since the epoch. `course`: what
    `routing.rollouts.course` wrote.
    """

    cluster = models.CharField(max_length=MAX_CLUSTER)
    needs = models.TextField(db_index=True)
    namespace = models.CharField(max_length=63)
    service = models.CharField(max_length=63)
    baseline = models.CharField(max_length=63)
    canary = models.CharField(max_length=63)
    spec = models.JSONField()
    state = models.JSONField()
    status = models.CharField(
        max_length=16, choices=RolloutStatus.choices, default=RolloutStatus.PLANNED, db_index=True
    )
    step = models.IntegerField(default=-1)
    weight = models.IntegerField(default=0)
    why = models.JSONField(null=True)
    configured_share = models.FloatField(null=True)
    observed_share = models.FloatField(null=True)
    share = models.JSONField(default=dict)
    counted_from = models.FloatField(null=True)
    course = models.JSONField(default=dict)
    epoch = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=1)
    occupies = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001 - null: many are ended
    key = models.CharField(max_length=255, blank=True)
    note = models.TextField(blank=True)
    created_at = models.DateTimeField(db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="rollouts"
    )
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects: ClassVar[models.Manager["Rollout"]] = models.Manager()

    class Meta:
        """What there is once only."""

        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "key"], condition=~models.Q(key=""), name="one_rollout_a_key"
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.namespace}/{self.service} {self.baseline} to {self.canary}"


class RolloutCommand(models.Model):
    """What a person wants of a rollout: durable before it is done, and done once by whoever leads.

    `refusal`: why it made no sense; empty when it was done. `key`: by which whoever sent it finds it again.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="commands")
    name = models.CharField(max_length=16)
    weight = models.IntegerField(null=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    key = models.CharField(max_length=255, blank=True)
    handled_at = models.DateTimeField(null=True, db_index=True)
    refusal = models.TextField(blank=True)

    objects: ClassVar[models.Manager["RolloutCommand"]] = models.Manager()

    class Meta:
        """What there is once only."""

        constraints = [
            models.UniqueConstraint(
                fields=["rollout", "by", "key"], condition=~models.Q(key=""), name="one_command_a_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of rollout {self.rollout_id}"


class RolloutEvent(models.Model):
    """What happened in a rollout, for its log. `kind`: status, command, write, gate, told or card.

    `data`: of a card the card of `routing.rollouts.evidence`, of the others what programs may want to know.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField()
    kind = models.CharField(max_length=16)
    code = models.CharField(max_length=63, blank=True)
    words = models.TextField(blank=True)
    by = models.CharField(max_length=255, blank=True)
    change = models.ForeignKey(Change, null=True, on_delete=models.PROTECT, related_name="+")
    data = models.JSONField(default=dict)

    objects: ClassVar[models.Manager["RolloutEvent"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.kind} {self.code} of rollout {self.rollout_id}"


class RolloutMessage(models.Model):
    """What somebody is to be told: kept with the state that it is about, and sent until it arrives.

    `next_at` is empty when it was sent, and when it was given up. `url` may hold a token, and is not shown.
    """

    rollout = models.ForeignKey(Rollout, on_delete=models.CASCADE, related_name="messages")
    event = models.CharField(max_length=16)
    url = models.TextField()
    format = models.CharField(max_length=16)
    body = models.JSONField()
    created_at = models.DateTimeField()
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    error = models.TextField(blank=True)

    objects: ClassVar[models.Manager["RolloutMessage"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.event} of rollout {self.rollout_id}"


class Leadership(models.Model):
    """Who drives the rollouts. `epoch` grows with every leader; `beats` while one lives, so that others tell
    by their own clocks whether he does.
    """

    name = models.CharField(max_length=63, primary_key=True)
    holder = models.CharField(max_length=MAX_PROCESS, blank=True)
    epoch = models.BigIntegerField(default=0)
    beats = models.BigIntegerField(default=0)

    objects: ClassVar[models.Manager["Leadership"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder} in epoch {self.epoch}"
