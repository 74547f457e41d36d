"""Django's entry for the package."""

from django.apps import AppConfig


class ClusterConfig(AppConfig):
    """The Kubernetes side."""

    name = "cluster"
    verbose_name = "Cluster"
