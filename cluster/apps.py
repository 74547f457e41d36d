"""Django's entry for the package; it has no models, since the cluster keeps its own state."""

from django.apps import AppConfig


class ClusterConfig(AppConfig):
    """The Kubernetes side."""

    name = "cluster"
    verbose_name = "Cluster"
