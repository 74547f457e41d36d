"""How a moment is written in a question: ISO 8601 with its time zone, or seconds since the epoch."""

import re
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

# By how much a browser's clock may be ahead before its moments are refused.
_AHEAD_SECONDS = 5.0
_NUMBER = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,9})?)?(Z|[-+ ][0-9]{2}:?[0-9]{2})"
)
_EXAMPLE = "2026-03-01T12:00:00Z, or seconds since 1970"


@extend_schema_field(OpenApiTypes.STR)
class MomentField(serializers.Field[float, Any, str, Any]):
    """Seconds since the epoch, of a moment that is past."""

    def __init__(self, *, clock: Callable[[], float] = time.time, **options: Any) -> None:
        super().__init__(**options)
        self._clock = clock

    def to_internal_value(self, data: Any) -> float:
        """Raises ValidationError for what is no moment, or is to come."""
        moment, now = _parsed(str(data).strip()), self._clock()
        if moment > now + _AHEAD_SECONDS:
            raise serializers.ValidationError("This moment is in the future.")
        return min(moment, now)

    def to_representation(self, value: float) -> str:
        """Questions are not answered with."""
        return str(value)


def _parsed(text: str) -> float:
    found = _MOMENT.fullmatch(text)
    try:
        if _NUMBER.fullmatch(text):
            return float(text)
        if found:
            # A plus sign in an address means a space.
            return datetime.fromisoformat(text.replace(" ", "+")).timestamp()
    except (ValueError, OverflowError):
        pass
    if _MOMENT.fullmatch(f"{text}Z"):
        raise serializers.ValidationError(f"{text!r} has no time zone: write it as {_EXAMPLE}.")
    raise serializers.ValidationError(f"{text[:40]!r} is no moment: write it as {_EXAMPLE}.")
