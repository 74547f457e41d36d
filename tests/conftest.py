import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.browsers import browser  # noqa: F401  a fixture for every test
from tests.envtest.fixtures import kube_apiserver  # noqa: F401  one for the whole run

# Two shared cores: how long an example takes says nothing about the code.
settings.register_profile(
    "shared", deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("shared")


class ByFile(LoadScopeScheduling):
    """The tests of a file stay together, as they share what is costly to start; those of the demo all do. A
    second demo beside it would slow down both, and what is waited for in them.
    """

    def _split_scope(self, nodeid):
        file = nodeid.partition("::")[0]
        return "tests/demo" if file.startswith("tests/demo/") else file


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


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
