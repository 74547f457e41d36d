"""The shapes of HTTP rules for the OpenAPI document; `routing.rules.http` reads them and says more.

A fault on a route and one of its own share theirs.
"""

from typing import Any

from rest_framework import serializers

from routing.rules.http.policies import RETRY_CONDITIONS
from routing.rules.injections import GRPC_STATUSES

Base = serializers.Serializer[Any]


class DelaySerializer(Base):
    """A delay before some of the requests."""

    percentage = serializers.FloatField(min_value=0.0001, max_value=100)
    fixed_delay = serializers.CharField(help_text="2s or 500ms")


class AbortSerializer(Base):
    """An answer in the place of some of the requests, by one of both statuses."""

    percentage = serializers.FloatField(min_value=0.0001, max_value=100)
    http_status = serializers.IntegerField(min_value=200, max_value=599, required=False)
    grpc_status = serializers.ChoiceField(GRPC_STATUSES, required=False)


class StringMatchSerializer(Base):
    """A text to compare with, in exactly one way."""

    exact = serializers.CharField(required=False)
    prefix = serializers.CharField(required=False)
    regex = serializers.CharField(required=False, help_text="RE2, for the whole text")
    present = serializers.BooleanField(required=False, help_text="true; headers and query parameters only")


class MatchSerializer(Base):
    """Conditions on a request, all of which must hold."""

    uri = StringMatchSerializer(required=False)
    method = StringMatchSerializer(required=False)
    scheme = StringMatchSerializer(required=False)
    authority = StringMatchSerializer(required=False)
    headers = serializers.DictField(child=StringMatchSerializer(), required=False)
    without_headers = serializers.DictField(child=StringMatchSerializer(), required=False)
    query_params = serializers.DictField(child=StringMatchSerializer(), required=False)
    source_labels = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    source_namespace = serializers.CharField(required=False)
    gateways = serializers.ListField(child=serializers.CharField(), required=False)
    port = serializers.IntegerField(min_value=1, max_value=65535, required=False)
    ignore_uri_case = serializers.BooleanField(required=False)


class HeaderOperationsSerializer(Base):
    """What is done to headers."""

    set = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    add = serializers.DictField(child=serializers.CharField(allow_blank=True), required=False)
    remove = serializers.ListField(child=serializers.CharField(), required=False)


class HeadersSerializer(Base):
    """What is done to the headers of requests and responses."""

    request = HeaderOperationsSerializer(required=False)
    response = HeaderOperationsSerializer(required=False)


class PlaceSerializer(Base):
    """Where requests go; without host and service, to the rule's own service."""

    host = serializers.CharField(required=False)
    service = serializers.CharField(required=False, help_text="A host in the rule's namespace")
    version = serializers.CharField(required=False)
    subset = serializers.CharField(required=False)
    port = serializers.IntegerField(min_value=1, max_value=65535, required=False)


class RouteDestinationSerializer(PlaceSerializer):
    """A destination; of several, each has a weight, 100 together."""

    weight = serializers.IntegerField(min_value=0, max_value=100, required=False)
    headers = HeadersSerializer(required=False)


class RouteMirrorSerializer(PlaceSerializer):
    """A destination that gets a copy of some requests."""

    percentage = serializers.FloatField(min_value=0.0001, max_value=100, required=False)


class RedirectSerializer(Base):
    """The answer that what was asked for is elsewhere."""

    uri = serializers.CharField(required=False)
    authority = serializers.CharField(required=False)
    scheme = serializers.ChoiceField(["http", "https"], required=False)
    port = serializers.IntegerField(min_value=1, max_value=65535, required=False)
    derive_port = serializers.ChoiceField(["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"], required=False)
    redirect_code = serializers.ChoiceField([301, 302, 303, 307, 308], required=False)


class DirectResponseSerializer(Base):
    """A fixed answer."""

    status = serializers.IntegerField(min_value=200, max_value=599)
    body = serializers.CharField(required=False)


class RegexRewriteSerializer(Base):
    """A path rewritten by an expression."""

    match = serializers.CharField()
    rewrite = serializers.CharField(allow_blank=True)


class RewriteSerializer(Base):
    """Another path, another authority."""

    uri = serializers.CharField(required=False)
    regex = RegexRewriteSerializer(required=False)
    authority = serializers.CharField(required=False)


class CorsSerializer(Base):
    """What browsers may do on pages of other origins."""

    allow_origins = StringMatchSerializer(many=True, required=False)
    allow_methods = serializers.ListField(child=serializers.CharField(), required=False)
    allow_headers = serializers.ListField(child=serializers.CharField(), required=False)
    expose_headers = serializers.ListField(child=serializers.CharField(), required=False)
    max_age = serializers.CharField(required=False)
    allow_credentials = serializers.BooleanField(required=False)
    unmatched_preflights = serializers.ChoiceField(["FORWARD", "IGNORE"], required=False)


class RetriesSerializer(Base):
    """How often a failed request is tried again, and when."""

    attempts = serializers.IntegerField(min_value=0, max_value=25)
    per_try_timeout = serializers.CharField(required=False)
    retry_on = serializers.ListField(
        child=serializers.CharField(), required=False, help_text=", ".join(sorted(RETRY_CONDITIONS))
    )
    backoff = serializers.CharField(required=False)
    retry_remote_localities = serializers.BooleanField(required=False)
    retry_ignore_previous_hosts = serializers.BooleanField(required=False)


class InjectionSerializer(Base):
    """The fault of one route."""

    delay = DelaySerializer(required=False)
    abort = AbortSerializer(required=False)


class RouteSerializer(Base):
    """One http route in force; `rule` is all of it as a plan takes it, null where no rule can say it."""

    index = serializers.IntegerField()
    name = serializers.CharField(allow_blank=True)
    default = serializers.BooleanField()
    match = serializers.JSONField()
    action = serializers.JSONField()
    policies = serializers.JSONField()
    rule = serializers.JSONField(allow_null=True)
    sentence = serializers.CharField(allow_blank=True)
    not_expressible = serializers.ListField(child=serializers.CharField())
