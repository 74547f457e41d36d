"""What the tests of telemetry share."""

from hypothesis import settings

# A machine that is busy with other things is no reason to fail.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
