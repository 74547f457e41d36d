"""What the REST calls accept and answer: the answers for the OpenAPI document, the questions also for
checking.
"""

from collections.abc import Collection
from typing import Any

from rest_framework import serializers

from cluster.access import Visible
from telemetry.cut import MAX_DEPTH
from telemetry.folding import ALL, OUTSIDE
from telemetry.graph import GRAPH_TYPES
from telemetry.moments import MomentField
from telemetry.snapshot import View

_MAX_NAMESPACES = 100


class NamespacesField(serializers.CharField):
    """Namespaces separated by commas; empty means none named. `besides`: other words that are allowed."""

    def __init__(self, *, besides: Collection[str] = (), **options: Any) -> None:
        self._besides = frozenset(besides)
        super().__init__(**options)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """An empty text names none."""
        return () if data == "" else super().run_validation(data)

    def to_internal_value(self, data: Any) -> Any:
        """A sorted tuple without doubles."""
        names = {name.strip() for name in super().to_internal_value(data).split(",") if name.strip()}
        if len(names) > _MAX_NAMESPACES:
            raise serializers.ValidationError(f"At most {_MAX_NAMESPACES} namespaces can be named.")
        for name in names - self._besides:
            _check_namespace(name)
        return tuple(sorted(names))


def _check_namespace(name: str) -> None:
    letters = name.replace("-", "a")
    plain = letters.isascii() and letters.isalnum() and letters == letters.lower()
    if not plain or len(name) > 63 or "-" in (name[0], name[-1]):
        raise serializers.ValidationError(
            f"{name[:80]!r} is no namespace: up to 63 lower-case letters, digits and dashes."
        )


MOMENTS = ("at", "before", "after")


class ViewQuery(serializers.Serializer[Any]):
    """Which view."""

    graph_type = serializers.ChoiceField(choices=GRAPH_TYPES, default="versioned_app")
    namespaces = NamespacesField(required=False, max_length=8000, help_text="Empty: all.")
    fold = NamespacesField(
        required=False,
        max_length=8000,
        besides=[OUTSIDE],
        help_text=f"To be drawn as one node each; {OUTSIDE}: all hosts outside the mesh.",
    )
    unfold = NamespacesField(
        required=False,
        max_length=8000,
        besides=[ALL, OUTSIDE],
        help_text=f"Not to be folded by the server, however many nodes there are; {ALL}: none at all.",
    )
    focus = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=1024,
        help_text="The id of a node: only what is near it is shown.",
    )
    depth = serializers.IntegerField(
        default=1, min_value=1, max_value=MAX_DEPTH, help_text="How many steps from the focus."
    )
    idle = serializers.BooleanField(default=False, help_text="With what runs and has no traffic.")
    at = MomentField(required=False, help_text="The moment to show; left out: now.")

    def view(self, visible: Visible) -> View:
        """The view that was asked for, of who may see these namespaces (None: all)."""
        asked = {name: value for name, value in self.validated_data.items() if name not in MOMENTS}
        return View.asked(**asked, visible=visible)


class SeriesQuery(serializers.Serializer[Any]):
    """Which figures; `seconds` back from now."""

    graph_type = serializers.ChoiceField(choices=GRAPH_TYPES, default="versioned_app")
    id = serializers.CharField(max_length=1024, help_text="The id of a node or an edge.")
    seconds = serializers.IntegerField(min_value=1, max_value=3600, default=300)


class SourceSerializer(serializers.Serializer[Any]):
    """Whether the source of the figures answers."""

    name = serializers.CharField()
    state = serializers.ChoiceField(choices=("ok", "stale", "starting"))
    since = serializers.DateTimeField(allow_null=True, help_text="Not answering since.")
    message = serializers.CharField(allow_blank=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    window_seconds = serializers.FloatField()


class LatencySerializer(serializers.Serializer[Any]):
    """Milliseconds, as the caller saw them; null when unknown."""

    p50 = serializers.FloatField(allow_null=True)
    p95 = serializers.FloatField(allow_null=True)
    p99 = serializers.FloatField(allow_null=True)


class NodeSerializer(serializers.Serializer[Any]):
    """What receives requests."""

    id = serializers.CharField()
    kind = serializers.ChoiceField(
        choices=("app", "workload", "service", "namespace", "unknown", "hidden"),
        help_text="`namespace`: folded into one; `hidden`: all that you may not read.",
    )
    namespace = serializers.CharField(allow_blank=True)
    app = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    workload = serializers.CharField(allow_blank=True)
    service = serializers.CharField(allow_blank=True)
    requests_per_second = serializers.FloatField()
    error_ratio = serializers.FloatField(help_text="0 to 1.")
    health = serializers.ChoiceField(choices=("ok", "degraded", "failing", "idle"))
    cluster = serializers.CharField(allow_blank=True, help_text="Empty in a mesh of one cluster.")
    members = serializers.IntegerField(help_text="How many nodes a folded namespace stands for.")
    bytes_per_second = serializers.FloatField(help_text="Both ways together.")
    latency_ms = LatencySerializer()


class EdgeSerializer(serializers.Serializer[Any]):
    """The requests from one node to another."""

    id = serializers.CharField()
    # "source" would clash with an attribute of every serializer field; it is added below.
    target = serializers.CharField()
    protocol = serializers.ChoiceField(choices=("http", "grpc", "tcp"))
    requests_per_second = serializers.FloatField()
    error_ratio = serializers.FloatField(help_text="0 to 1.")
    latency_ms = LatencySerializer()
    share = serializers.FloatField(
        allow_null=True, help_text="Part (0 to 1) of the source's requests to the same service."
    )
    response_flags = serializers.DictField(
        child=serializers.FloatField(), help_text="Requests per second by Envoy's response flag."
    )
    health = serializers.ChoiceField(choices=("ok", "degraded", "failing", "idle"))
    sent_bytes_per_second = serializers.FloatField(help_text="The way of the call.")
    received_bytes_per_second = serializers.FloatField(help_text="The way back.")
    messages_per_second = serializers.FloatField(help_text="gRPC messages, both ways.")
    connections_per_second = serializers.FloatField(help_text="TCP connections opened.")
    mtls = serializers.FloatField(
        allow_null=True, help_text="Part (0 to 1) over mutual TLS; null where no destination reports."
    )

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        return {**super().get_fields(), "source": serializers.CharField()}


class LeftOutSerializer(serializers.Serializer[Any]):
    """How much of the view is not sent."""

    nodes = serializers.IntegerField()
    edges = serializers.IntegerField()


class GraphSerializer(serializers.Serializer[Any]):
    """One view as of the latest reading."""

    seq = serializers.IntegerField()
    taken_at = serializers.DateTimeField()
    graph_type = serializers.ChoiceField(choices=GRAPH_TYPES)
    namespaces = serializers.ListField(child=serializers.CharField())
    tick_seconds = serializers.FloatField()
    folded = serializers.ListField(
        child=serializers.CharField(), help_text="The namespaces that are one node each now."
    )
    left_out = LeftOutSerializer()
    nodes = NodeSerializer(many=True)
    edges = EdgeSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        return {**super().get_fields(), "source": SourceSerializer()}


class SeriesSerializer(serializers.Serializer[Any]):
    """Figures over time; the lists have one entry for each entry of t (seconds since the epoch)."""

    id = serializers.CharField()
    step_seconds = serializers.FloatField()
    t = serializers.ListField(child=serializers.FloatField())
    requests = serializers.ListField(child=serializers.FloatField(), help_text="Per second.")
    p50 = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Milliseconds.")
    p95 = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Milliseconds.")
    p99 = serializers.ListField(child=serializers.FloatField(allow_null=True), help_text="Milliseconds.")

    def get_fields(self) -> dict[str, Any]:
        """With the field whose name cannot stand in the class body."""
        errors = serializers.ListField(child=serializers.FloatField(), help_text="Per second.")
        return {**super().get_fields(), "errors": errors}
