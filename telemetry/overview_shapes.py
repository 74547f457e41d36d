"""What the REST call of the overview accepts and answers, for checking and for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from telemetry.serializers import LatencySerializer, NamespacesField, SourceSerializer

_HEALTH = ("ok", "degraded", "failing", "idle")


class OverviewQuery(serializers.Serializer[Any]):
    """Which namespaces; none means all."""

    namespaces = NamespacesField(required=False, max_length=8000)


class _Signals(serializers.Serializer[Any]):
    namespace = serializers.CharField()
    requests_per_second = serializers.FloatField()
    error_ratio = serializers.FloatField(help_text="0 to 1.")
    bytes_per_second = serializers.FloatField(help_text="Both ways together.")
    health = serializers.ChoiceField(choices=_HEALTH)


class ServiceRowSerializer(_Signals):
    """A service by its golden signals."""

    id = serializers.CharField(help_text="Of its node in the graph of services.")
    service = serializers.CharField()
    cluster = serializers.CharField(allow_blank=True, help_text="Empty in a mesh of one cluster.")
    latency_ms = LatencySerializer()


class NamespaceRowSerializer(_Signals):
    """What the services of a namespace receive together."""

    p95_ms = serializers.FloatField(allow_null=True, help_text="Of its slowest service.")
    services = serializers.DictField(child=serializers.IntegerField(), help_text="How many of each health.")


class SparkSerializer(serializers.Serializer[Any]):
    """The last ten minutes, a point for ten seconds, oldest first; null: not known."""

    requests = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Per second.")
    error_ratios = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="0 to 1.")


class SparksSerializer(serializers.Serializer[Any]):
    """Sparklines by the id of a service, and by the name of a namespace."""

    services = serializers.DictField(child=SparkSerializer())
    namespaces = serializers.DictField(child=SparkSerializer())


class OverviewSerializer(serializers.Serializer[Any]):
    """All services and namespaces, the worst first."""

    seq = serializers.IntegerField()
    taken_at = serializers.DateTimeField()
    tick_seconds = serializers.FloatField()
    namespaces = NamespaceRowSerializer(many=True)
    services = ServiceRowSerializer(many=True, help_text="At most 200.")
    left_out = serializers.IntegerField(help_text="How many more services there are.")
    sparks = SparksSerializer()

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        return {**super().get_fields(), "source": SourceSerializer()}
