"""Istio's Telemetry, as of istio.io/api 1.27: what proxies measure, trace and log."""

from typing import Annotated, Literal

from msgspec import Meta

from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.base import Duration, Model, NullableBool, Percentage
from localmesh.apiserver.schemas.common import LabelSelector, PolicyTarget
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus

Mode = Literal["CLIENT_AND_SERVER", "CLIENT", "SERVER"]
Name = Annotated[str, Meta(min_length=1)]


class Provider(Model):
    """A provider of the mesh's configuration, by its name."""

    name: Name


class ModeSelector(Model):
    """Which side of a call is meant."""

    mode: Mode | None = None


class LogFilter(Model):
    """Which requests are logged."""

    expression: str = ""


class AccessLogging(Model):
    """What is logged, and where."""

    disabled: NullableBool | None = None
    filter: LogFilter | None = None
    match: ModeSelector | None = None
    providers: list[Provider] = []


class MetricSelector(Model):
    """Which metric is meant, on which side."""

    at_most_one = (("metric", "customMetric"),)

    custom_metric: Annotated[str, Meta(min_length=1)] | None = None
    metric: (
        Literal[
            "ALL_METRICS",
            "REQUEST_COUNT",
            "REQUEST_DURATION",
            "REQUEST_SIZE",
            "RESPONSE_SIZE",
            "TCP_OPENED_CONNECTIONS",
            "TCP_CLOSED_CONNECTIONS",
            "TCP_SENT_BYTES",
            "TCP_RECEIVED_BYTES",
            "GRPC_REQUEST_MESSAGES",
            "GRPC_RESPONSE_MESSAGES",
        ]
        | None
    ) = None
    mode: Mode | None = None


class TagOverride(Model):
    """What becomes of one tag of a metric."""

    cel = (rules.UPSERT_HAS_VALUE, rules.REMOVE_HAS_NONE)

    operation: Literal["UPSERT", "REMOVE"] | None = None
    value: str = ""


class MetricsOverride(Model):
    """How some metrics differ from the default."""

    disabled: NullableBool | None = None
    match: MetricSelector | None = None
    tag_overrides: dict[str, TagOverride] = {}


class Metrics(Model):
    """What is measured, and for whom."""

    overrides: list[MetricsOverride] = []
    providers: list[Provider] = []
    reporting_interval: Duration | None = None


class LiteralTag(Model):
    """A tag with a fixed value."""

    value: Name


class NamedTag(Model):
    """A tag whose value is found under a name."""

    name: Name
    default_value: str = ""


class CustomTag(Model):
    """Where a tag of a span gets its value from."""

    at_most_one = (("literal", "environment", "header"),)

    environment: NamedTag | None = None
    header: NamedTag | None = None
    literal: LiteralTag | None = None


class Tracing(Model):
    """What is traced, and where spans go."""

    custom_tags: dict[str, CustomTag] = {}
    disable_span_reporting: NullableBool | None = None
    enable_istio_tags: NullableBool | None = None
    match: ModeSelector | None = None
    providers: list[Provider] = []
    random_sampling_percentage: Percentage | None = None
    use_request_id_for_trace_sampling: NullableBool | None = None


class TelemetrySpec(Model):
    """What the selected workloads' proxies tell about their traffic."""

    cel = (rules.ONE_TARGET,)

    access_logging: list[AccessLogging] = []
    metrics: list[Metrics] = []
    selector: LabelSelector | None = None
    target_ref: PolicyTarget | None = None
    target_refs: Annotated[list[PolicyTarget], Meta(max_length=16)] = []
    tracing: list[Tracing] = []


class Telemetry(Model):
    """A Telemetry: metrics, traces and access logs of workloads."""

    metadata: ObjectMeta
    spec: TelemetrySpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
