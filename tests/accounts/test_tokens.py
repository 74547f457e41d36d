import pytest
from django.contrib.auth.models import User
from knox.models import AuthToken

pytestmark = pytest.mark.django_db
API = "/api/v1/changes"


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


@pytest.fixture
def signed_in(client, alice):
    client.force_login(alice)
    return client


def test_a_new_token_is_shown_once_and_opens_the_api(signed_in, client):
    page = signed_in.post("/tokens/", {"days": 7})
    secret = page.context["secret"]
    assert secret in page.text
    assert secret not in signed_in.get("/tokens/").text
    client.logout()
    assert client.get(API, headers={"Authorization": f"Bearer {secret}"}).status_code == 200


def test_a_revoked_token_opens_nothing(signed_in, client):
    page = signed_in.post("/tokens/", {"days": 7})
    token = AuthToken.objects.get()
    signed_in.post(f"/tokens/{token.token_key}/delete/")
    client.logout()
    answer = client.get(API, headers={"Authorization": f"Bearer {page.context['secret']}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("days", ["0", "366", "soon", ""])
def test_a_lifetime_out_of_bounds_makes_no_token(signed_in, days):
    page = signed_in.post("/tokens/", {"days": days})
    assert page.context["form"].errors["days"]
    assert not AuthToken.objects.exists()


def test_nobody_can_revoke_another_persons_token(client, alice):
    AuthToken.objects.create(alice)
    client.force_login(User.objects.create_user("bob"))
    key = AuthToken.objects.get().token_key
    assert client.post(f"/tokens/{key}/delete/").status_code == 404
    assert AuthToken.objects.exists()
