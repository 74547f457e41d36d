"""What the REST calls about the past accept and answer: see `telemetry.serializers`."""

from typing import Any

from rest_framework import serializers

from telemetry.graph import GRAPH_TYPES
from telemetry.moments import MomentField
from telemetry.past import MAX_POINTS
from telemetry.serializers import ViewQuery


class ComparisonQuery(ViewQuery):
    """Which view, at which two moments."""

    before = MomentField()
    after = MomentField(required=False, help_text="Left out: now.")

    def get_fields(self) -> dict[str, Any]:
        """Two moments take the place of one."""
        return {name: field for name, field in super().get_fields().items() if name != "at"}


class FiguresQuery(serializers.Serializer[Any]):
    """Whose figures, and from when to when; from the earliest moment that is kept, if that is later."""

    graph_type = serializers.ChoiceField(choices=GRAPH_TYPES, default="versioned_app")
    id = serializers.CharField(max_length=1024, help_text="The id of a node or an edge.")
    since = MomentField(required=False, help_text="Left out: a quarter of an hour before `until`.")
    until = MomentField(required=False, help_text="Left out: now.")
    points = serializers.IntegerField(
        default=360, min_value=2, max_value=MAX_POINTS, help_text="How many at most."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One goes from the past towards now."""
        if "since" in attrs and "until" in attrs and attrs["since"] >= attrs["until"]:
            raise serializers.ValidationError({"since": ["This moment has to lie before `until`."]})
        return attrs


class HistorySerializer(serializers.Serializer[Any]):
    """Where one can travel; null while nothing is kept yet."""

    earliest = serializers.DateTimeField(allow_null=True)
    latest = serializers.DateTimeField(allow_null=True)
    step_seconds = serializers.FloatField(help_text="How far the kept readings are apart.")

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        return {**super().get_fields(), "source": serializers.CharField()}


class MeasuredSerializer(serializers.Serializer[Any]):
    """A node or an edge at one moment."""

    requests_per_second = serializers.FloatField()
    error_ratio = serializers.FloatField(help_text="0 to 1.")
    p50 = serializers.FloatField(allow_null=True, help_text="Milliseconds.")
    p95 = serializers.FloatField(allow_null=True, help_text="Milliseconds.")
    p99 = serializers.FloatField(allow_null=True, help_text="Milliseconds.")
    bytes_per_second = serializers.FloatField(help_text="Both ways together.")
    health = serializers.ChoiceField(choices=("ok", "degraded", "failing", "idle"))


class ComparedNodeSerializer(serializers.Serializer[Any]):
    """A node at both moments; null where it was not there."""

    id = serializers.CharField()
    kind = serializers.CharField()
    namespace = serializers.CharField(allow_blank=True)
    app = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    workload = serializers.CharField(allow_blank=True)
    service = serializers.CharField(allow_blank=True)
    before = MeasuredSerializer(allow_null=True)
    after = MeasuredSerializer(allow_null=True)


class ComparedEdgeSerializer(serializers.Serializer[Any]):
    """An edge at both moments; null where it was not there."""

    id = serializers.CharField()
    target = serializers.CharField()
    protocol = serializers.ChoiceField(choices=("http", "grpc", "tcp"))
    before = MeasuredSerializer(allow_null=True)
    after = MeasuredSerializer(allow_null=True)

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        return {**super().get_fields(), "source": serializers.CharField()}


class ComparisonSerializer(serializers.Serializer[Any]):
    """One view at two moments: those of the readings that are compared."""

    before = serializers.DateTimeField()
    after = serializers.DateTimeField()
    nodes = ComparedNodeSerializer(many=True)
    edges = ComparedEdgeSerializer(many=True)


class HeatSerializer(serializers.Serializer[Any]):
    """Requests per second by latency: a row for each bucket, in it a value for each entry of t."""

    edges_ms = serializers.ListField(
        child=serializers.FloatField(allow_null=True), help_text="Upper edges; null: infinite."
    )
    per_second = serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))


class FiguresSerializer(serializers.Serializer[Any]):
    """Figures over time; the lists have one entry for each entry of t (seconds since the epoch)."""

    id = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    step_seconds = serializers.FloatField()
    t = serializers.ListField(child=serializers.FloatField())
    codes = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="Requests per second by HTTP code, `grpc <status>`, or `-` where there was no response.",
    )
    p50 = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Milliseconds.")
    p95 = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Milliseconds.")
    p99 = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Milliseconds.")
    heat = HeatSerializer()
    sent_bytes = serializers.ListField(
        child=serializers.FloatField(), help_text="Per second, the way of the call."
    )
    received_bytes = serializers.ListField(child=serializers.FloatField(), help_text="Per second.")

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        errors = serializers.ListField(child=serializers.FloatField(), help_text="Per second.")
        return {**super().get_fields(), "errors": errors}
