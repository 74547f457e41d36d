"""Rows from before people had identities: of the default cluster, for who may read what they are about."""

import pytest
from django.db import connection as database
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

BEFORE = [("routing", "0001_initial")]


@pytest.mark.django_db(transaction=True)
def test_rows_from_before_get_their_cluster_and_needs():
    def migrated(target=None):
        executor = MigrationExecutor(database)
        # All of them again, for the tests that follow.
        executor.migrate(target or executor.loader.graph.leaf_nodes())
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
        apps = migrated()
    needs = "Service./shop VirtualService.networking.istio.io/shop"
    for name, count in (("Plan", 2), ("Change", 1)):
        rows = apps.get_model("routing", name).objects.values_list("cluster", "needs")
        assert list(rows) == [("default", needs)] * count
