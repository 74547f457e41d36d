"""Who a person is to the clusters: the command, what it refuses, and whose rights a request gets."""

import io

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError

from cluster import connection, people
from cluster.fake import FakeCluster
from cluster.models import KubernetesIdentity
from tests.people import person, stranger

pytestmark = pytest.mark.django_db


def run(*arguments):
    out, said = io.StringIO(), io.StringIO()
    call_command("person", *arguments, stdout=out, stderr=said)
    return out.getvalue(), said.getvalue()


def test_a_person_is_made_with_a_user_and_groups():
    _, said = run("jane", "--user", "jane@example.com", "--group", "dev", "--group", "ops")
    kept = User.objects.get(username="jane").kubernetes
    assert (kept.own, kept.username, kept.groups) == (False, "jane@example.com", ["dev", "ops"])
    assert said == "jane acts as user jane@example.com, groups dev, ops.\n"
    assert not User.objects.get(username="jane").has_usable_password()


def test_a_person_is_given_the_console_s_own_account_and_another_later():
    run("jane", "--own")
    assert User.objects.get(username="jane").kubernetes.own
    run("jane", "--user", "jane")
    assert KubernetesIdentity.objects.get().username == "jane"
    assert not KubernetesIdentity.objects.get().own


def test_a_link_signs_the_person_in_once(client):
    out, _ = run("jane", "--user", "jane", "--link")
    assert client.get(out.strip()).status_code == 302
    assert client.get("/tokens/").context["user"].username == "jane"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["jane"], "required"),
        (["jane", "--own", "--user", "jane"], "not allowed with"),
        (["jane", "--own", "--group", "dev"], "no user and no groups"),
        (["jane", "--user", " "], "needs a name"),
        (["jane", "--user", "jane\r\nImpersonate-Group: system:masters"], "cannot be a name"),
        (["jane", "--user", " jane"], "cannot be a name"),
        (["jane", "--user", "x" * 254], "cannot be a name"),
        (["jane", "--user", "jane", "--group", "system:masters"], "stands above RBAC"),
        (["jane", "--user", "system:admin"], "Kubernetes' own"),
        (["jane", "--user", "jane", "--group", ""], "needs a name"),
        (["no spaces", "--user", "jane"], "valid username"),
        (["x" * 151, "--user", "jane"], "150 characters"),
    ],
)
def test_what_is_no_identity_is_refused_and_makes_nobody(arguments, told):
    with pytest.raises(CommandError, match=told):
        run(*arguments)
    assert User.objects.count() == 0


def test_a_wrong_identity_leaves_the_one_that_was_there():
    run("jane", "--user", "jane")
    with pytest.raises(CommandError):
        run("jane", "--user", "system:admin")
    assert KubernetesIdentity.objects.get().username == "jane"


def test_the_database_refuses_what_is_both_or_neither():
    made = stranger("jane")
    for wrong in ({"own": True, "username": "jane"}, {"own": False, "username": ""}):
        with pytest.raises(ValidationError):
            KubernetesIdentity(user=made, **wrong).save()
    run("jane", "--own")
    with pytest.raises(IntegrityError):
        KubernetesIdentity.objects.update(username="jane")


def test_each_person_acts_as_who_he_is():
    with connection.override(east=FakeCluster(), west=FakeCluster()):
        who = {
            name: people.of(user, "west").access.who
            for name, user in {
                "own": person("ada"),
                "user": person("jane", "jane", ["dev"]),
                "nobody": stranger("nemo"),
                "anonymous": AnonymousUser(),
            }.items()
        }
        assert people.of(person("eve", "eve")).name == "east"
        with pytest.raises(connection.UnknownClusterError):
            people.of(stranger("carl"), "north")
    assert who == {
        "own": "meshui's own account",
        "user": "user jane",
        "nobody": "a person without a Kubernetes identity",
        "anonymous": "a person without a Kubernetes identity",
    }


def test_somebody_who_was_switched_off_is_nobody():
    ada = person("ada")
    ada.is_active = False
    with connection.override(FakeCluster()):
        assert people.of(ada).is_nobody


def test_an_identity_that_is_changed_counts_at_once():
    jane = person("jane", "jane")
    with connection.override(FakeCluster()):
        assert people.of(jane).access.who == "user jane"
        run("jane", "--user", "other")
        assert people.of(jane).access.who == "user other"
        KubernetesIdentity.objects.all().delete()
        assert people.of(jane).is_nobody
