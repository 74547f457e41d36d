"""Rows say which cluster they are about, and what one must be allowed to read there to see them."""

from collections.abc import Mapping
from typing import Any

from django.apps.registry import Apps
from django.db import migrations, models

DEFAULT = "default"
"""The one cluster that there was, by the name that it has now."""


def tell_needs(apps: Apps, _schema_editor: object) -> None:
    for name in ("Plan", "Change"):
        for row in apps.get_model("routing", name).objects.select_related("reverts").iterator():
            needs = {_need(item["resource"]) for item in row.operations}
            needs |= {f"Service./{service.partition('/')[0]}" for service in _services(row)}
            row.needs = " ".join(sorted(needs))
            row.save(update_fields=["needs"])


def _need(resource: Mapping[str, str]) -> str:
    group = resource["api_version"].rpartition("/")[0]
    return f"{resource['kind']}.{group}/{resource['namespace']}"


def _services(row: Any) -> list[str]:
    if hasattr(row, "services"):
        return list(row.services)
    if row.reverts is not None:
        return list(row.reverts.services)
    return [f"{rule['namespace']}/{rule['service']}" for rule in row.rules]


class Migration(migrations.Migration):
    dependencies = [("routing", "0001_initial")]

    operations = [
        *(
            migrations.AddField(
                name, "cluster", models.CharField(max_length=63, default=DEFAULT), preserve_default=False
            )
            for name in ("plan", "change")
        ),
        *(
            migrations.AddField(
                name, "needs", models.TextField(db_index=True, default=""), preserve_default=False
            )
            for name in ("plan", "change")
        ),
        migrations.RunPython(tell_needs, migrations.RunPython.noop),
    ]
