"""Changes know what they touch, who writes them, what they finish, and what else a revert takes back."""

from typing import Any

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models

KINDS = [("apply", "apply"), ("revert", "revert"), ("finish", "finish")]


def tell_touches(apps: Apps, _schema_editor: object) -> None:
    for row in apps.get_model("routing", "Change").objects.iterator():
        row.touches = "".join(dict.fromkeys(_touch(item["resource"]) for item in row.operations))
        row.save(update_fields=["touches"])


def free_forgotten_claims(apps: Apps, _schema_editor: object) -> None:
    """A claim was once made before the change that takes back; one without such a change is nobody's."""
    changes = apps.get_model("routing", "Change").objects
    taken = changes.filter(state__in=["started", "applied"]).exclude(reverts=None).values("reverts")
    changes.exclude(pk__in=taken).update(revert_claimed_at=None)


def _touch(resource: Any) -> str:
    group = resource["api_version"].rpartition("/")[0]
    return f" {resource['kind']}.{group}/{resource['namespace']}/{resource['name']} "


class Migration(migrations.Migration):
    dependencies = [("routing", "0002_cluster_and_needs")]

    operations = [
        migrations.AddField("plan", "inputs", models.JSONField(default=dict)),
        migrations.AddField(
            "plan",
            "reverts_also",
            models.ManyToManyField(related_name="group_revert_plans", to="routing.change"),
        ),
        migrations.AddField(
            "plan",
            "finishes",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="finish_plans",
                to="routing.change",
            ),
        ),
        migrations.AlterField("change", "kind", models.CharField(choices=KINDS, max_length=16)),
        migrations.AddField(
            "change",
            "reverts_also",
            models.ManyToManyField(related_name="reverted_with", to="routing.change"),
        ),
        migrations.AddField(
            "change",
            "finishes",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="finished_by",
                to="routing.change",
            ),
        ),
        migrations.AddField("change", "touches", models.TextField(blank=True)),
        migrations.AddField("change", "process", models.CharField(blank=True, max_length=255)),
        migrations.AddField("change", "beat_at", models.DateTimeField(null=True)),
        migrations.RunPython(tell_touches, migrations.RunPython.noop),
        migrations.RunPython(free_forgotten_claims, migrations.RunPython.noop),
    ]
