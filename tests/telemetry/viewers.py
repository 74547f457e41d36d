"""A fake cluster with namespaces, and people who may read some of them."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client

from cluster import kinds
from cluster.access import Visible
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity
from cluster.models import KubernetesIdentity

NAMESPACES = ("bookinfo", "istio-system", "secret")


class Rights:
    """Who may list services where; a name that is not known may nothing. `away`: nobody is told."""

    def __init__(self) -> None:
        self.of: dict[str, Visible] = {}
        self.away = False

    def __call__(self, identity: Identity | None, ask: Ask) -> bool:
        if self.away:
            raise Unavailable("connection refused")
        if identity is None:
            return True
        allowed = self.of.get(identity.user, frozenset())
        readable = allowed is None or ask.namespace in allowed
        return readable and (ask.verb, ask.kind) == ("list", kinds.SERVICE)


def fake_cluster(rights: Rights) -> FakeCluster:
    """Nothing but namespaces."""
    named = ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES)
    return FakeCluster(named, rights=rights)


def owner() -> User:
    """A person who acts with the console's own account."""
    user = get_user_model().objects.create_user("owner")
    KubernetesIdentity.objects.create(user=user, own=True)
    return user


def viewer(name: str) -> User:
    """A person with a Kubernetes identity of this name."""
    user = get_user_model().objects.create_user(name)
    KubernetesIdentity.objects.create(user=user, username=name)
    return user


class SignedIn:
    """Somebody who is signed in with a browser."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.client = Client()
        self.client.force_login(user)

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        name = settings.SESSION_COOKIE_NAME
        return [(b"cookie", f"{name}={self.client.cookies[name].value}".encode())]
