"""The shapes of texts, drafts and the configuration as the REST API takes and answers them."""

from rest_framework import serializers

from routing.serializers import (
    Base,
    FieldErrorSerializer,
    PlannedOperationSerializer,
    ProblemSerializer,
    ResourceSerializer,
    RuleSerializer,
)


class PlacedProblemSerializer(Base):
    """Something wrong in a text: at a field, and at a place that counts from 1."""

    level = serializers.ChoiceField(["error", "warning", "info"])
    code = serializers.CharField()
    message = serializers.CharField()
    path = serializers.CharField(allow_blank=True)
    line = serializers.IntegerField(min_value=1)
    column = serializers.IntegerField(min_value=1)


class ValidationSerializer(Base):
    """What was read of a text, and what is wrong with it; `valid`: it can be planned.

    What the analysis says of the cluster with it, at whatever level, is no reason not to.
    """

    valid = serializers.BooleanField()
    problems = PlacedProblemSerializer(many=True)
    manifest = serializers.JSONField(allow_null=True)


class ValidateQuery(Base):
    """Where the resource is to stand when its text names no namespace."""

    namespace = serializers.CharField(required=False, default="", allow_blank=True, max_length=63)


class SchemaSerializer(Base):
    """What the cluster publishes of a kind's fields: OpenAPI v3, descriptions included."""

    api_version = serializers.CharField()
    kind = serializers.CharField()
    schema = serializers.DictField()


class DraftRequestSerializer(Base):
    """What somebody asks for, for a look only."""

    rules = RuleSerializer(many=True)


class DraftSerializer(Base):
    """A plan that is not kept, and cannot be applied; or why there is none, at the fields of the rules."""

    valid = serializers.BooleanField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]  # the wire's word
    hash = serializers.CharField(allow_blank=True)
    rules = RuleSerializer(many=True)
    operations = PlannedOperationSerializer(many=True)
    problems = ProblemSerializer(many=True)


class ReadingRequestSerializer(Base):
    """Texts of the VirtualService and the DestinationRule of a service, in YAML."""

    texts = serializers.ListField(
        child=serializers.CharField(max_length=262_144, trim_whitespace=False), min_length=1, max_length=2
    )


class TextProblemSerializer(PlacedProblemSerializer):
    """A problem in one of several texts, counted from 0."""

    text = serializers.IntegerField(min_value=0)


class RestSerializer(Base):
    """A difference that no form can express."""

    resource = ResourceSerializer()
    op = serializers.ChoiceField(["add", "remove", "change"])
    path = serializers.CharField(allow_blank=True)


class ReadingSerializer(Base):
    """What the forms can say of some texts: `rules`; and what they cannot: `rest`."""

    valid = serializers.BooleanField()
    problems = TextProblemSerializer(many=True)
    rules = RuleSerializer(many=True)
    rest = RestSerializer(many=True)
    manifests = serializers.ListField(child=serializers.JSONField())


class CountsSerializer(Base):
    """How many problems of each level."""

    error = serializers.IntegerField(min_value=0)
    warning = serializers.IntegerField(min_value=0)
    info = serializers.IntegerField(min_value=0)


class FindingSerializer(Base):
    """One thing that the analysis has to say."""

    code = serializers.CharField()
    level = serializers.ChoiceField(["Error", "Warning", "Info"])
    resource = serializers.CharField()
    message = serializers.CharField()
    path = serializers.CharField(allow_blank=True)


class ConfiguredSerializer(Base):
    """A resource of Istio's or the Gateway API's."""

    kind = serializers.CharField()
    group = serializers.CharField()
    definition = serializers.CharField()
    namespace = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    about = serializers.CharField(allow_blank=True)
    managers = serializers.ListField(child=serializers.CharField())
    problems = CountsSerializer()


class ConfigurationSerializer(Base):
    """The resources that you may read, with what the analysis says of them."""

    age_seconds = serializers.FloatField(allow_null=True)
    problem = serializers.CharField(allow_blank=True)
    resources = ConfiguredSerializer(many=True)
    findings = FindingSerializer(many=True)
