from tests.browsers import browser  # noqa: F401  a fixture for every test
from tests.envtest.fixtures import kube_apiserver  # noqa: F401  one for the whole run
