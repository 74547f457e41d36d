"""The shapes of a question and its explanation, for the OpenAPI document; a test holds answers to them."""

from typing import Any

from rest_framework import serializers

Base = serializers.Serializer[Any]


def _text(**more: Any) -> serializers.CharField:
    return serializers.CharField(allow_blank=True, **more)


def _ratio() -> serializers.FloatField:
    return serializers.FloatField(min_value=0, max_value=1, help_text="Ratio 0-1")


def _texts(**more: Any) -> serializers.DictField:
    return serializers.DictField(child=_text(), **more)


def _pods() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, allow_null=True, help_text="Null where they are not known")


class ExplainQuery(Base):
    """The request to explain, and its caller."""

    host = serializers.CharField(help_text="As the caller writes it: reviews, or api.example.com")
    namespace = _text(required=False, help_text="Of a host without a dot")
    port = serializers.IntegerField(required=False, min_value=1, max_value=65535, help_text="The service's")
    path = _text(required=False, help_text="With its query; / by default")
    method = _text(required=False, help_text="GET by default")
    scheme = _text(required=False, help_text="http or https; http by default")
    header = serializers.ListField(child=serializers.CharField(), required=False, help_text="name: value")
    caller_namespace = _text(required=False, help_text="Where the caller runs; namespace by default")
    caller_labels = _text(required=False, help_text="app=productpage,version=v1")
    gateway = _text(required=False, help_text="namespace/name of the Gateway by which the request comes in")
    sni = _text(required=False, help_text="Of TLS: the server's name; the host by default")
    address = _text(required=False, help_text="Of TCP: the address that is called")


class AskedSerializer(Base):
    """The request as it was understood."""

    host = serializers.CharField()
    namespace = _text()
    port = serializers.IntegerField(allow_null=True)
    path = serializers.CharField()
    method = serializers.CharField()
    scheme = serializers.CharField()
    headers = serializers.ListField(child=serializers.ListField(child=_text(), min_length=2, max_length=2))
    sni = _text()
    address = _text()


class CallerSerializer(Base):
    """Who makes it."""

    namespace = _text()
    labels = _texts()
    gateway = _text()


class RivalSerializer(Base):
    """A VirtualService that names the host too, and why it is not in force."""

    resource = serializers.CharField()
    reason = serializers.CharField()


class MatchSerializer(Base):
    """One entry of a rule's match, and the first of its conditions that failed."""

    path = serializers.CharField()
    holds = serializers.BooleanField()
    reason = serializers.CharField()


class RuleVerdictSerializer(Base):
    """One rule, and why it is taken or not."""

    number = serializers.IntegerField(min_value=1)
    resource = serializers.CharField()
    path = serializers.CharField()
    name = _text()
    verdict = serializers.ChoiceField(["taken", "not_matched", "not_reached", "unusable"])
    reason = serializers.CharField()
    matches = MatchSerializer(many=True)
    via = _text(help_text="The rule that delegates to it")


class UnreachableSerializer(Base):
    """Why requests to a destination fail before they reach a pod."""

    status = serializers.IntegerField()
    flag = serializers.CharField(help_text="Envoy's response flag")
    message = serializers.CharField()


class PolicySerializer(Base):
    """The DestinationRule in force, with the effective traffic policy and where each of its fields stands."""

    resource = serializers.CharField()
    reason = serializers.CharField()
    policy = serializers.DictField()
    sources = _texts()
    merged = serializers.ListField(child=serializers.CharField())


class SentSerializer(Base):
    """The request as the destination gets it."""

    path = _text()
    authority = _text()
    headers = serializers.ListField(child=serializers.ListField(child=_text(), min_length=2, max_length=2))


class DestinationSerializer(Base):
    """Where requests go, with which probability among those that are sent on."""

    host = serializers.CharField()
    port = serializers.IntegerField()
    subset = _text()
    probability = _ratio()
    weight = serializers.IntegerField(allow_null=True)
    labels = _texts()
    pods = _pods()
    ready_pods = _pods()
    versions = serializers.DictField(child=serializers.IntegerField())
    problem = UnreachableSerializer(allow_null=True)
    rule = PolicySerializer(allow_null=True)
    sent = SentSerializer(allow_null=True)


class ProxyAnswerSerializer(Base):
    """An answer of a proxy itself; status 0 where a connection is closed."""

    status = serializers.IntegerField()
    flag = _text()
    probability = _ratio()
    message = serializers.CharField()
    location = _text()


class MirrorSerializer(Base):
    """A copy of the requests."""

    host = serializers.CharField()
    port = serializers.IntegerField()
    subset = _text()
    probability = _ratio()
    problem = UnreachableSerializer(allow_null=True)


class InjectedSerializer(Base):
    """The fault that the rule injects."""

    delay_probability = _ratio()
    delay_seconds = serializers.FloatField(min_value=0)
    abort_probability = _ratio()
    abort_status = serializers.IntegerField()
    abort_grpc_status = _text()


class PoliciesSerializer(Base):
    """What the rule taken says besides its destinations; null where it says nothing."""

    timeout_seconds = serializers.FloatField(min_value=0, help_text="0 for none")
    retries = serializers.DictField(allow_null=True)
    fault = InjectedSerializer(allow_null=True)
    mirrors = MirrorSerializer(many=True)
    rewrite = serializers.DictField(allow_null=True)
    headers = serializers.DictField(allow_null=True)
    cors = serializers.DictField(allow_null=True)
    redirect = serializers.DictField(allow_null=True)
    direct_response = serializers.DictField(allow_null=True)


class ExplanationSerializer(Base):
    """What becomes of a request."""

    request = AskedSerializer()
    caller = CallerSerializer()
    host = serializers.CharField()
    port = serializers.IntegerField()
    protocol = serializers.ChoiceField(["http", "tls", "tcp"])
    outcome = serializers.ChoiceField(
        ["forwarded", "redirected", "answered", "no_route", "unknown_host", "no_listener"]
    )
    sentence = serializers.CharField()
    resource = _text(help_text="The VirtualService in force; several at a gateway, by commas")
    resource_reason = _text()
    rivals = RivalSerializer(many=True)
    rules = RuleVerdictSerializer(many=True)
    destinations = DestinationSerializer(many=True)
    answers = ProxyAnswerSerializer(many=True)
    policies = PoliciesSerializer()
    notes = serializers.ListField(child=serializers.CharField())
    whole = serializers.BooleanField(help_text="False where you may not read all that could matter")
    age_seconds = serializers.FloatField(min_value=0)
    problem = _text(help_text="Why this is not newer")
