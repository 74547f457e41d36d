"""The shapes of rollouts, for the OpenAPI document; a test holds answers to them."""

from typing import Any

from rest_framework import serializers

from routing import serializers as shapes
from routing.models import RolloutStatus
from routing.rollouts.spec import FORMATS, KINDS, ON_HARM, ON_NO_TRAFFIC, ON_NO_VERDICT, STAGES

Base = serializers.Serializer[Any]
VERDICTS = ("harm", "no_worse", "not_known")
LONGEST_WAIT = 60
MOST_ROLLOUTS = 500
GREATEST_ID = 2**63 - 1


def _ratio(**more: Any) -> serializers.FloatField:
    return serializers.FloatField(min_value=0, max_value=1, allow_null=True, help_text="Ratio 0-1", **more)


def _percent(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, max_value=100, help_text="Percent", **more)


def _text(**more: Any) -> serializers.CharField:
    return serializers.CharField(allow_blank=True, **more)


def _number(**more: Any) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, **more)


class StrategySerializer(Base):
    """How requests come to the canary; `name` and `value` of a header or cookie."""

    kind = serializers.ChoiceField(KINDS)
    name = _text(required=False)
    value = _text(required=False)


class RolloutStepSerializer(Base):
    """A step: at least so many seconds of verified share, and so many requests of the canary."""

    weight = _percent()
    seconds = serializers.IntegerField(min_value=1)
    requests = serializers.IntegerField(min_value=0, required=False)
    pause = serializers.BooleanField(required=False)


class GuardSerializer(Base):
    """What is judged; docs/rollouts.md says which members each kind has."""

    kind = serializers.ChoiceField(["errors", "latency", "promql"])
    margin = serializers.FloatField(required=False)
    tolerated = serializers.FloatField(required=False)
    objective_ms = serializers.FloatField(required=False)
    name = serializers.CharField(required=False)
    query = _text(required=False)
    least = serializers.FloatField(required=False)
    most = serializers.FloatField(required=False)
    looks = serializers.IntegerField(required=False)


class ToldSerializer(Base):
    """Who is told."""

    url = serializers.CharField()
    format = serializers.ChoiceField(FORMATS, required=False)


class GateSerializer(Base):
    """Who is asked, and when."""

    stage = serializers.ChoiceField(STAGES)
    url = serializers.CharField()


class SpecSerializer(Base):
    """A rollout as it was asked for."""

    namespace = serializers.CharField()
    service = serializers.CharField()
    baseline = serializers.CharField()
    canary = serializers.CharField()
    strategy = StrategySerializer(required=False)
    steps = RolloutStepSerializer(many=True)
    guards = GuardSerializer(many=True, required=False)
    alpha = serializers.FloatField(required=False)
    on_harm = serializers.ChoiceField(ON_HARM, required=False)
    on_no_verdict = serializers.ChoiceField(ON_NO_VERDICT, required=False)
    on_no_traffic = serializers.ChoiceField(ON_NO_TRAFFIC, required=False)
    interval_seconds = serializers.IntegerField(min_value=1, required=False)
    notify = ToldSerializer(many=True, required=False)
    gates = GateSerializer(many=True, required=False)


class RolloutRequestSerializer(SpecSerializer):
    """A rollout to start. `strategy` may be a word; without guards failed requests are judged."""

    strategy = serializers.JSONField(required=False)  # type: ignore[assignment]  # a word is one, too
    note = serializers.CharField(required=False, allow_blank=True, max_length=500)
    idempotency_key = serializers.CharField(required=False, max_length=255)


class WhySerializer(Base):
    """Why it stands still, or what it waits for: a code for programs, words for people."""

    code = serializers.CharField()
    words = _text()


class ClockSerializer(Base):
    """The clock of the step, which runs while the share is verified."""

    verified = serializers.BooleanField()
    seconds = serializers.FloatField()
    of_seconds = serializers.IntegerField()
    requests = serializers.IntegerField()
    of_requests = serializers.IntegerField()


class CommandShownSerializer(Base):
    """A command, and why it is not to be had now (empty: it is)."""

    name = serializers.CharField()
    refusal = _text()


class RolloutSerializer(Base):
    """A rollout in short."""

    id = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Grows with everything that can be seen of it")
    cluster = serializers.CharField()
    namespace = serializers.CharField()
    service = serializers.CharField()
    baseline = serializers.CharField()
    canary = serializers.CharField()
    strategy = StrategySerializer()
    status = serializers.ChoiceField(RolloutStatus.choices)
    why = WhySerializer(allow_null=True)
    step = serializers.IntegerField(help_text="Index of the step; -1 before the first")
    steps = RolloutStepSerializer(many=True)
    weight = _percent()
    configured_share = _ratio()
    observed_share = _ratio()
    mirror = serializers.BooleanField()
    match = serializers.BooleanField()
    verdict = serializers.ChoiceField(VERDICTS)
    sentence = _text()
    clock = ClockSerializer()
    created_at = serializers.DateTimeField()
    created_by = serializers.CharField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    note = _text()
    expected_end = serializers.DateTimeField(allow_null=True)
    commands = CommandShownSerializer(many=True)
    needs_person = serializers.BooleanField()


class RolloutsSerializer(Base):
    """Rollouts, the newest first."""

    rollouts = RolloutSerializer(many=True)


class PointSerializer(Base):
    """The rollout at a moment, in epoch seconds; rates are requests per second."""

    at = serializers.FloatField()
    looks = serializers.IntegerField(required=False)
    intended = serializers.IntegerField()
    configured = _ratio()
    observed = _ratio()
    baseline_rate = _number()
    canary_rate = _number()
    baseline_bad = _ratio()
    canary_bad = _ratio()
    baseline_slow = _ratio(required=False)
    canary_slow = _ratio(required=False)


class CourseSerializer(Base):
    """The rollout over time: a point stands for `every` looks; `until`: when the newest look was, in seconds
    since the epoch.
    """

    every = serializers.IntegerField()
    until = serializers.FloatField(allow_null=True)
    points = PointSerializer(many=True)


class LoggedSerializer(Base):
    """What happened; `change`: the change that a write is kept as."""

    at = serializers.DateTimeField()
    kind = serializers.CharField()
    code = _text()
    words = _text()
    by = _text()
    change = serializers.IntegerField(allow_null=True)


class KeptCardSerializer(Base):
    """An evidence card that was kept, in short."""

    id = serializers.IntegerField()
    at = serializers.DateTimeField()
    words = _text()
    status = serializers.CharField()
    step = serializers.IntegerField()


class RolloutDetailSerializer(RolloutSerializer):
    """A rollout with its evidence, course and log."""

    spec = SpecSerializer()
    evidence = serializers.JSONField(help_text="The card of now; docs/rollouts.md")
    share = serializers.JSONField(help_text="The verification of the share in full")
    course = CourseSerializer()
    log = LoggedSerializer(many=True)
    cards = KeptCardSerializer(many=True)


class CardSerializer(Base):
    """An evidence card whole."""

    id = serializers.IntegerField()
    card = serializers.JSONField()


class EvidenceSerializer(Base):
    """All evidence of a rollout, the oldest first."""

    id = serializers.IntegerField()
    version = serializers.IntegerField()
    spec = SpecSerializer()
    now = serializers.JSONField()
    cards = CardSerializer(many=True)


class SightSerializer(Base):
    """What a guard can see in a step: the smallest factor of bad requests and the smallest ratio of them
    (null: none), and how long it takes until a ratio such as `example` is found (null: for ever).
    """

    guard = serializers.CharField()
    smallest = _number()
    smallest_ratio = _ratio()
    example = _ratio()
    seconds_to_harm = _number()


class StepAheadSerializer(Base):
    """A step to come, with what it writes."""

    weight = _percent()
    seconds = _number(help_text="Null: for ever")
    sentence = _text()
    operations = shapes.PlannedOperationSerializer(many=True)
    sights = SightSerializer(many=True)


class PresentTrafficSerializer(Base):
    """The service's traffic of now; `bad_ratio` of the baseline by guard."""

    requests_per_second = _number(help_text="Null: not measured")
    bad_ratio = serializers.DictField(child=serializers.FloatField())
    callers = shapes.CallerSerializer(many=True)


class PreviewSerializer(Base):
    """A rollout before it starts."""

    spec = SpecSerializer()
    traffic = PresentTrafficSerializer()
    steps = StepAheadSerializer(many=True)
    seconds = _number()
    seconds_to_verdict = _number()
    expected_end = serializers.DateTimeField(allow_null=True)
    warnings = WhySerializer(many=True)
    problems = shapes.ProblemSerializer(many=True)


class RolloutsQuery(Base):
    """Which rollouts."""

    namespace = serializers.CharField(required=False, max_length=63)
    service = serializers.CharField(required=False, max_length=63)
    active = serializers.BooleanField(required=False, help_text="Only those that have not ended")


class RolloutQuery(Base):
    """Whether to wait for news of it."""

    after = serializers.IntegerField(
        required=False, min_value=0, help_text="Answer once the version is greater"
    )
    wait = serializers.FloatField(
        required=False, min_value=0, max_value=LONGEST_WAIT, help_text="Seconds, 60 at most"
    )


class CommandRequestSerializer(Base):
    """A command."""

    idempotency_key = serializers.CharField(required=False, max_length=255)


class WeightRequestSerializer(CommandRequestSerializer):
    """The weight to set."""

    weight = _percent()
