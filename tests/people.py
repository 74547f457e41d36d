"""People for tests: who signs in, and who that is to the clusters."""

from django.contrib.auth.models import User

from cluster import connection
from cluster.access import Access
from cluster.cache import Cache
from cluster.models import KubernetesIdentity
from cluster.person import PersonCluster


def person(name, username="", groups=(), **user):
    """Somebody with the console's own rights, or those of a Kubernetes user and groups."""
    made = User.objects.create_user(name, **user)
    KubernetesIdentity.objects.create(user=made, own=not username, username=username, groups=list(groups))
    return made


def stranger(name):
    """Somebody without a Kubernetes identity."""
    return User.objects.create_user(name)


def own(cluster=None):
    """A cluster (the default one) with the console's own rights."""
    if cluster is None:
        return connection.get().acting(None)
    return PersonCluster("default", cluster, Cache(cluster), Access(cluster, None))
