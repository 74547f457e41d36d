"""Django's entry for the package."""

from django.apps import AppConfig


class RoutingConfig(AppConfig):
    """Plans and changes of traffic rules."""

    name = "routing"
    verbose_name = "Routing"
