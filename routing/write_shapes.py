"""The shapes of what is beside a write: the wait before it, and its patch. See `routing.serializers`."""

from typing import Any

from rest_framework import serializers

Base = serializers.Serializer[Any]


class WaitSerializer(Base):
    """What is waited for before a write, in seconds: until the proxies have what was written before.

    `delay_seconds` where the control plane does not tell, `at_most_seconds` where it tells that they have
    not; `least_seconds` in any case.
    """

    least_seconds = serializers.FloatField()
    delay_seconds = serializers.FloatField()
    at_most_seconds = serializers.FloatField()


class WaitedSerializer(Base):
    """How long it was waited, in seconds, and whether the proxies were said to have all of it."""

    seconds = serializers.FloatField()
    told = serializers.BooleanField()


class PatchSerializer(Base):
    """A write as a JSON merge patch, the object itself, or nothing, with the command of kubectl."""

    type = serializers.ChoiceField(["merge", "create", "delete"])
    patch = serializers.JSONField(allow_null=True)
    yaml = serializers.CharField(allow_blank=True)
    command = serializers.CharField()
