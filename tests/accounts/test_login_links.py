from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from meshui.accounts.models import LIFETIME, LoginLink

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.fixture
def alice():
    return User.objects.create_user("alice")


def test_a_link_signs_its_person_in_once(alice):
    token = LoginLink.objects.issue(alice, NOW)
    assert LoginLink.objects.redeem(token, NOW) == alice
    assert LoginLink.objects.redeem(token, NOW) is None


def test_a_link_is_worth_nothing_after_its_lifetime(alice):
    token = LoginLink.objects.issue(alice, NOW)
    assert LoginLink.objects.redeem(token, NOW + LIFETIME) is None
    assert LoginLink.objects.redeem(token, NOW + LIFETIME - timedelta(seconds=1)) == alice


def test_the_link_of_a_person_who_was_deactivated_signs_nobody_in(alice):
    token = LoginLink.objects.issue(alice, NOW)
    User.objects.update(is_active=False)
    assert LoginLink.objects.redeem(token, NOW) is None


def test_the_database_never_holds_the_token_itself(alice):
    token = LoginLink.objects.issue(alice, NOW)
    assert token not in str(LoginLink.objects.values_list().get())


def test_opening_the_link_signs_in_and_opening_it_again_says_it_is_spent(client, alice):
    from django.utils import timezone

    token = LoginLink.objects.issue(alice, timezone.now())
    assert client.get(f"/login/once/{token}/").headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(alice.pk)
    client.logout()
    again = client.get(f"/login/once/{token}/")
    assert again.status_code == 410
    assert "_auth_user_id" not in client.session


def test_the_command_prints_a_working_link_and_refuses_a_stranger(client, alice, capsys):
    call_command("loginlink", "alice")
    path = capsys.readouterr().out.strip()
    assert client.get(path).status_code == 302
    with pytest.raises(CommandError, match="no active person named 'mallory'"):
        call_command("loginlink", "mallory")
