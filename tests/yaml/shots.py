import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_shots(page, looks):
    for path, name in (
        ("/config/", "index"),
        ("/config/virtualservices.networking.istio.io/bookinfo/reviews/", "resource"),
        ("/config/new/?kind=authorizationpolicies.security.istio.io", "new"),
        ("/routing/bookinfo/reviews/", "service"),
    ):
        page.goto(path)
        page.wait_for_timeout(1200)
        looks(page, name)
