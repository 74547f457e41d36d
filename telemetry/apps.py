"""Registers the observing half with Django; it has no tables."""

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from telemetry.health import BadToleranceError, read_rules


class TelemetryConfig(AppConfig):
    """Importing starts nothing: see telemetry.runtime."""

    name = "telemetry"

    def ready(self) -> None:
        """A setting that cannot be used stops the start of every command, as others do in settings.py."""
        try:
            read_rules(settings.TELEMETRY_HEALTH)
        except BadToleranceError as error:
            raise ImproperlyConfigured(f"MESHUI_HEALTH cannot be used: {error}.") from error
