"""The shapes of what the REST API takes and answers, for the OpenAPI document.

Requests are read by `routing.rules`, whose messages say more; answers are built by `routing.stored` and
`routing.services`. A test holds the answers against these shapes.
"""

from typing import Any

from rest_framework import serializers

from routing import http_shapes as http
from routing.rules import WORDS
from routing.write_shapes import PatchSerializer, WaitedSerializer, WaitSerializer

Base = serializers.Serializer[Any]


class FieldErrorSerializer(Base):
    """One wrong field."""

    field = serializers.CharField(allow_blank=True, help_text="A path, such as rules[0].weights")
    message = serializers.CharField()


class ErrorBodySerializer(Base):
    """What went wrong."""

    code = serializers.CharField()
    message = serializers.CharField()
    fields = FieldErrorSerializer(many=True)  # type: ignore[assignment]  # the wire's word
    change = serializers.IntegerField(required=False, allow_null=True)


class ErrorSerializer(Base):
    """The one shape of every error."""

    error = ErrorBodySerializer()


class ResourceSerializer(Base):
    """One object of the cluster."""

    kind = serializers.CharField()
    api_version = serializers.CharField()
    namespace = serializers.CharField()
    name = serializers.CharField()


class FieldDiffSerializer(Base):
    """One difference."""

    op = serializers.ChoiceField(["add", "remove", "change"])
    path = serializers.CharField()
    old = serializers.JSONField(allow_null=True)
    new = serializers.JSONField(allow_null=True)


class ConflictSerializer(Base):
    """A three-way difference, in YAML and field by field."""

    resource = ResourceSerializer()
    base = serializers.CharField(allow_blank=True)
    theirs = serializers.CharField(allow_blank=True)
    yours = serializers.CharField(allow_blank=True)
    theirs_diff = FieldDiffSerializer(many=True)
    yours_diff = FieldDiffSerializer(many=True)


class ConflictBodySerializer(ErrorBodySerializer):
    """What went wrong, with what others did meanwhile."""

    conflicts = ConflictSerializer(many=True)


class ConflictErrorSerializer(Base):
    """An answer of status 409."""

    error = ConflictBodySerializer()


class HeaderMatchSerializer(Base):
    """Requests whose header has exactly this value."""

    header = serializers.CharField()
    value = serializers.CharField()


class RuleSerializer(Base):
    """A rule of any kind; docs/rules.md says which members each kind has."""

    kind = serializers.ChoiceField([word.kind for word in WORDS])
    namespace = serializers.CharField(required=False)
    service = serializers.CharField(required=False)
    version = serializers.CharField(required=False)
    subset = serializers.CharField(required=False, help_text="remove_subset: its name, in place of a version")
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    protocol = serializers.CharField(required=False, help_text="split: http, tcp or tls")
    sni_hosts = serializers.ListField(child=serializers.CharField(), required=False, help_text="split: tls")
    port = serializers.IntegerField(required=False, min_value=1, max_value=65535)
    load_balancer = serializers.DictField(required=False, allow_null=True)
    session_affinity = serializers.DictField(required=False, allow_null=True)
    connection_pool = serializers.DictField(required=False, allow_null=True)
    outlier_detection = serializers.DictField(required=False, allow_null=True)
    tls = serializers.DictField(required=False, allow_null=True)
    workload_labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    egress = serializers.ListField(child=serializers.DictField(), required=False, help_text="sidecar")
    outbound_traffic_policy = serializers.CharField(required=False, help_text="sidecar")
    hosts = serializers.ListField(child=serializers.CharField(), required=False, help_text="service_entry")
    addresses = serializers.ListField(child=serializers.CharField(), required=False)
    ports = serializers.ListField(child=serializers.DictField(), required=False)
    location = serializers.CharField(required=False)
    resolution = serializers.CharField(required=False)
    endpoints = serializers.ListField(child=serializers.DictField(), required=False)
    export_to = serializers.ListField(child=serializers.CharField(), required=False)
    subject_alt_names = serializers.ListField(child=serializers.CharField(), required=False)
    selector = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    servers = serializers.ListField(child=serializers.DictField(), required=False, help_text="gateway")
    manifest = serializers.DictField(required=False, help_text="object: the whole resource")
    resource = ResourceSerializer(required=False, help_text="delete_object: which")
    weights = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=100), required=False, help_text="Sum 100"
    )
    delay = http.DelaySerializer(required=False)
    abort = http.AbortSerializer(required=False)
    match = serializers.JSONField(
        required=False,
        help_text="Of a fault: a header and its value, or conditions; of a route: a list of conditions",
    )
    name = serializers.CharField(
        required=False,
        help_text="route, http_policy, remove_route: of a route; subset: its name, if not the version's",
    )
    default = serializers.BooleanField(required=False)
    all = serializers.BooleanField(required=False)
    position = serializers.JSONField(required=False, help_text="first, last, or before or after a name")
    destinations = http.RouteDestinationSerializer(many=True, required=False)
    redirect = http.RedirectSerializer(required=False)
    direct_response = http.DirectResponseSerializer(required=False)
    headers = http.HeadersSerializer(required=False, allow_null=True)
    rewrite = http.RewriteSerializer(required=False, allow_null=True)
    cors = http.CorsSerializer(required=False, allow_null=True)
    mirrors = http.RouteMirrorSerializer(many=True, required=False, allow_null=True)
    timeout = serializers.CharField(required=False, allow_null=True)
    retries = http.RetriesSerializer(required=False, allow_null=True)
    fault = http.InjectionSerializer(required=False)


class PlanRequestSerializer(Base):
    """What somebody asks for, and why."""

    rules = RuleSerializer(many=True)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class ApplyRequestSerializer(Base):
    """How a plan is applied; `hash` makes sure that it is the plan that was looked at."""

    hash = serializers.CharField(required=False, max_length=64)
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class RevertRequestSerializer(Base):
    """How a change is taken back."""

    note = serializers.CharField(required=False, allow_blank=True, max_length=500)


class ProblemSerializer(Base):
    """Something to know before applying."""

    level = serializers.ChoiceField(["error", "warning", "info"])
    code = serializers.CharField()
    message = serializers.CharField()
    field = serializers.CharField(allow_null=True)
    resource = serializers.CharField(allow_null=True)


class PlannedOperationSerializer(Base):
    """One write that a plan holds."""

    action = serializers.ChoiceField(["create", "update", "delete"])
    resource = ResourceSerializer()
    why = serializers.CharField()
    diff = FieldDiffSerializer(many=True)
    yaml_before = serializers.CharField(allow_blank=True)
    yaml_after = serializers.CharField(allow_blank=True)
    unified_diff = serializers.CharField(allow_blank=True)
    patch = PatchSerializer()
    wait = WaitSerializer(allow_null=True)


class CallerSerializer(Base):
    """A workload that calls a service."""

    namespace = serializers.CharField(allow_blank=True)
    workload = serializers.CharField(allow_blank=True)
    app = serializers.CharField(allow_blank=True)
    version = serializers.CharField(allow_blank=True)
    requests_per_second = serializers.FloatField()
    error_ratio = serializers.FloatField()


class MetVersionSerializer(Base):
    """What a version gets of the requests on the default route, now and after the plan."""

    namespace = serializers.CharField()
    service = serializers.CharField()
    version = serializers.CharField()
    ready_pods = serializers.IntegerField()
    share_before = serializers.FloatField()
    share_after = serializers.FloatField()
    requests_per_second_before = serializers.FloatField()
    requests_per_second_after = serializers.FloatField()
    per_pod_after = serializers.FloatField(allow_null=True)
    ratio = serializers.FloatField(
        allow_null=True, help_text="Of what a pod would get to what the busiest bears now"
    )


class StepSerializer(Base):
    """A service on a path of callers, and how often their proxies try again."""

    namespace = serializers.CharField(allow_blank=True)
    service = serializers.CharField()
    attempts = serializers.IntegerField()


class AmplificationSerializer(Base):
    """How many requests a service may get for one that fails."""

    namespace = serializers.CharField()
    service = serializers.CharField()
    before = serializers.IntegerField()
    after = serializers.IntegerField()
    path = StepSerializer(many=True)


class BlastRadiusSerializer(Base):
    """Who is met, from live traffic; null where it is not measured."""

    measured = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)
    age_seconds = serializers.FloatField(allow_null=True)
    callers = CallerSerializer(many=True)
    requests_per_second = serializers.FloatField(allow_null=True)
    requests_per_minute = serializers.FloatField(allow_null=True)
    added_errors_per_minute = serializers.FloatField(allow_null=True)
    delayed_per_minute = serializers.FloatField(allow_null=True)
    at_most = serializers.BooleanField()
    sentence = serializers.CharField(allow_blank=True)
    versions = MetVersionSerializer(many=True)
    amplification = AmplificationSerializer(many=True)


class PlanSerializer(Base):
    """A plan."""

    id = serializers.UUIDField()
    hash = serializers.CharField()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    summary = serializers.CharField()
    state = serializers.ChoiceField(["ready", "applying", "applied", "stale", "failed"])
    reverts = serializers.IntegerField(allow_null=True)
    reverts_all = serializers.ListField(child=serializers.IntegerField())
    finishes = serializers.IntegerField(allow_null=True)
    rules = RuleSerializer(many=True)
    operations = PlannedOperationSerializer(many=True)
    problems = ProblemSerializer(many=True)
    blast_radius = BlastRadiusSerializer()


class DoneOperationSerializer(Base):
    """One write of a change, and what became of it."""

    action = serializers.ChoiceField(["create", "update", "delete"])
    resource = ResourceSerializer()
    why = serializers.CharField()
    diff = FieldDiffSerializer(many=True)
    before = serializers.JSONField(allow_null=True)
    after = serializers.JSONField(allow_null=True)
    unified_diff = serializers.CharField(allow_blank=True)
    patch = PatchSerializer()
    state = serializers.ChoiceField(["done", "failed", "not_done"])
    message = serializers.CharField(allow_blank=True)
    waited = WaitedSerializer(allow_null=True)


class ChangeSerializer(Base):
    """A change."""

    id = serializers.IntegerField()
    plan = serializers.UUIDField(allow_null=True)
    kind = serializers.ChoiceField(["apply", "revert", "finish"])
    reverts = serializers.IntegerField(allow_null=True)
    reverts_all = serializers.ListField(child=serializers.IntegerField(), help_text="Newest first")
    reverted_by = serializers.IntegerField(allow_null=True)
    finishes = serializers.IntegerField(allow_null=True)
    finished_by = serializers.IntegerField(allow_null=True)
    state = serializers.ChoiceField(["started", "applied", "conflict", "partial", "failed"])
    by = serializers.CharField()
    at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    summary = serializers.CharField()
    namespace = serializers.CharField(allow_blank=True)
    services = serializers.ListField(child=serializers.CharField())
    operations = DoneOperationSerializer(many=True)
    message = serializers.CharField(allow_blank=True)


class PortSerializer(Base):
    """A port of a service."""

    name = serializers.CharField(allow_blank=True)
    number = serializers.IntegerField()
    protocol = serializers.CharField()


class VersionSerializer(Base):
    """A version of a service; `weight` in percent, `observed_share` from 0 to 1."""

    version = serializers.CharField()
    subset = serializers.CharField(allow_null=True)
    pods = serializers.IntegerField()
    ready_pods = serializers.IntegerField()
    weight = serializers.FloatField(allow_null=True)
    observed_share = serializers.FloatField(allow_null=True)


class NameSerializer(Base):
    """A namespaced name."""

    namespace = serializers.CharField()
    name = serializers.CharField()


class RoutingSerializer(Base):
    """The routing in force."""

    virtual_service = NameSerializer(allow_null=True)
    sentence = serializers.CharField()
    editable = serializers.BooleanField()
    reason = serializers.CharField(allow_blank=True)


class ServiceFaultSerializer(Base):
    """A fault in force; `owned` when meshui set it."""

    kind = serializers.ChoiceField(["delay", "abort"])
    percentage = serializers.FloatField()
    fixed_delay = serializers.CharField(allow_null=True)
    http_status = serializers.IntegerField(allow_null=True)
    grpc_status = serializers.CharField(allow_null=True)
    match = HeaderMatchSerializer(allow_null=True)
    whom = serializers.CharField()
    owned = serializers.BooleanField()
    where = serializers.CharField(allow_blank=True)


class ServiceSerializer(Base):
    """A service with its versions and the routing in force."""

    namespace = serializers.CharField()
    name = serializers.CharField()
    host = serializers.CharField()
    ports = PortSerializer(many=True)
    versions = VersionSerializer(many=True)
    routing = RoutingSerializer()
    faults = ServiceFaultSerializer(many=True)
    problems = ProblemSerializer(many=True)


class FreshnessSerializer(Base):
    """How old what is told of the cluster is, and why it is not newer; 0 and "" while it is current."""

    age_seconds = serializers.FloatField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)


class OneServiceSerializer(ServiceSerializer, FreshnessSerializer):
    """One service, with every http route and every traffic policy in force."""

    routes = http.RouteSerializer(many=True)
    policies = RuleSerializer(many=True, help_text="destination_policy, one for each place that has any")


class ServicesSerializer(FreshnessSerializer):
    """Services."""

    services = ServiceSerializer(many=True)
