from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Registers meshui.accounts under the label `accounts`."""

    name = "meshui.accounts"
    label = "accounts"
