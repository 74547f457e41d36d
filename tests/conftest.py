import pytest
from hypothesis import HealthCheck, settings

from tests.browsers import browser  # noqa: F401  a fixture for every test
from tests.envtest.fixtures import kube_apiserver  # noqa: F401  one for the whole run

# Two shared cores: how long an example takes says nothing about the code.
settings.register_profile(
    "shared", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")


@pytest.fixture(autouse=True)
def nobody_is_throttled_for_what_an_earlier_test_asked():
    """People have the same ids in all tests, and REST counts for a minute how often each of them asks."""
    from django.core.cache import cache

    cache.clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """A database in a file, as the product has it: one in memory, shared by threads, does not wait for a
    lock but fails at once ("database table is locked").
    """
    from django.conf import settings

    settings.DATABASES["default"]["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
