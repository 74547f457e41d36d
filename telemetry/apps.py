"""Registers the observing half with Django; it has no tables."""

from django.apps import AppConfig


class TelemetryConfig(AppConfig):
    """Importing starts nothing: see telemetry.runtime."""

    name = "telemetry"
