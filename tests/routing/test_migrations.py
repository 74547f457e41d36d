"""Rows from before people had identities: of the default cluster, for who may read what they are about."""

import pytest
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE, AFTER = [("routing", "0001_initial")], [("routing", "0003_order_and_history")]


@pytest.mark.django_db(transaction=True)
def test_rows_from_before_get_their_cluster_and_needs():
    def migrated(target):
        executor = MigrationExecutor(database)
        executor.migrate(target)
        return executor.loader.project_state(target).apps

    apps = migrated(BEFORE)
    try:
        by = apps.get_model("auth", "User").objects.create(username="olga")
        resource = {
            "kind": "VirtualService",
            "api_version": "networking.istio.io/v1",
            "namespace": "shop",
            "name": "cart",
        }
        operations = [{"resource": resource}]
        common = {"operations": operations, "summary": "", "note": ""}
        made = {"created_at": timezone.now(), "created_by": by, "hash": "", **common}
        rules = [{"namespace": "shop", "service": "cart"}]
        plan = apps.get_model("routing", "Plan").objects.create(rules=rules, **made)
        change = apps.get_model("routing", "Change").objects.create(
            plan=plan, by=by, at=timezone.now(), services=["shop/cart"], **common
        )
        apps.get_model("routing", "Plan").objects.create(reverts=change, **made)
    finally:
        apps = migrated(AFTER)
    needs = "Service./shop VirtualService.networking.istio.io/shop"
    for name, count in (("Plan", 2), ("Change", 1)):
        rows = apps.get_model("routing", name).objects.values_list("cluster", "needs")
        assert list(rows) == [("default", needs)] * count
