import pytest

from tests.browsers import browser  # noqa: F401  a fixture for every test
from tests.envtest.fixtures import kube_apiserver  # noqa: F401  one for the whole run


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory):
    """A database in a file, as the product has it: one in memory, shared by threads, does not wait for a
    lock but fails at once ("database table is locked").
    """
    from django.conf import settings

    settings.DATABASES["default"]["TEST"]["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
