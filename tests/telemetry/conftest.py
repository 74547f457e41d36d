"""What the tests of telemetry share."""

from hypothesis import HealthCheck, settings

# As in tests/routing: how long an example takes on a machine that is busy says nothing about the code.
settings.register_profile(
    "shared", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")
