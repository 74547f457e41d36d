import pytest

from tests.pages.wizard.asked import REVIEWS
from tests.pages.wizard.filling import ahead
from tests.pages.world import reviews_destination_rule, reviews_virtual_service


@pytest.fixture
def rules(cluster):
    """Reviews goes to v1."""
    cluster.put(reviews_destination_rule())
    cluster.put(reviews_virtual_service({"v1": 100, "v2": 0, "v3": 0}))


@pytest.fixture
def wizard(page, rules):
    """The wizard of reviews from v1 to v3, with what is known before the start."""
    page.goto(f"{REVIEWS}&canary=v3")
    ahead(page)
    return page
