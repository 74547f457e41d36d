"""The shapes of the history of changes, for the OpenAPI document: see `routing.serializers`."""

from typing import Final

from rest_framework import serializers

from routing.serializers import (
    Base,
    ChangeSerializer,
    FieldDiffSerializer,
    ResourceSerializer,
    RevertRequestSerializer,
)
from telemetry.moments import MomentField
from telemetry.serializers import NamespacesField

MAX_ID: Final = 2**63 - 1
"""The highest number that a database can give to a change."""


class GroupRevertRequestSerializer(RevertRequestSerializer):
    """Which changes are taken back together, and why."""

    changes = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_ID),
        min_length=1,
        max_length=50,
        help_text="In any order",
    )


class DriftSerializer(Base):
    """Whether the cluster still has a resource as meshui wrote it last, in `last_change`."""

    resource = ResourceSerializer()
    state = serializers.ChoiceField(["same", "changed", "gone", "unknown"])
    diff = FieldDiffSerializer(many=True)
    unified_diff = serializers.CharField(allow_blank=True)
    last_change = serializers.IntegerField()


class OneChangeSerializer(ChangeSerializer):
    """One change."""

    drift = DriftSerializer(many=True)


class ChangesQuery(Base):
    """Which changes, and which page of them; what is left out or empty does not count."""

    q = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="In summary, note, message or resources"
    )
    namespace = serializers.CharField(required=False, allow_blank=True, max_length=63)
    service = serializers.CharField(
        required=False, allow_blank=True, max_length=127, help_text="name or namespace/name"
    )
    by = serializers.CharField(required=False, allow_blank=True, max_length=150)
    state = serializers.ChoiceField(
        ["started", "applied", "conflict", "partial", "failed"], required=False, allow_blank=True
    )
    since = serializers.DateTimeField(required=False, help_text="From this moment on")
    until = serializers.DateTimeField(required=False, help_text="Before this moment")
    limit = serializers.IntegerField(default=50, min_value=1, max_value=200)
    before = serializers.IntegerField(required=False, min_value=1, max_value=MAX_ID)


class ChangesSerializer(Base):
    """A page of changes, newest first; `next` is the `before` of the next page."""

    changes = ChangeSerializer(many=True)
    next = serializers.IntegerField(allow_null=True)


class MarksQuery(Base):
    """From when to when, and where; an hour until now, and everywhere, unless it is said."""

    since = MomentField(required=False, help_text="Left out: an hour before `until`.")
    until = MomentField(required=False, help_text="Left out: now.")
    namespaces = NamespacesField(required=False, max_length=8000, help_text="Empty: all.")
    limit = serializers.IntegerField(default=200, min_value=1, max_value=500)


class MarkSerializer(Base):
    """What was done, for a time axis."""

    at = serializers.DateTimeField()
    until = serializers.DateTimeField(allow_null=True, help_text="The end of a fault; null while it lasts.")
    kind = serializers.ChoiceField(["change", "revert", "fault", "rollout"])
    title = serializers.CharField()
    namespace = serializers.CharField(allow_blank=True)
    service = serializers.CharField(allow_blank=True)
    by = serializers.CharField()
    url = serializers.CharField(help_text="The page of the change, or of the rollout.")


class MarksSerializer(Base):
    """Newest first."""

    marks = MarkSerializer(many=True)
    more = serializers.BooleanField(help_text="There are more than are answered.")
