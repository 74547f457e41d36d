"""The rights that deploy/ asks a cluster for: what the code reads and writes, and not a verb more."""

from pathlib import Path

import pytest
import yaml

from cluster import kinds
from routing.rolling.leader import lease

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
READS = {"get", "list", "watch"}
WRITES = {"create", "update", "delete"}


def documents(name="rbac.yaml"):
    return [each for each in yaml.safe_load_all((DEPLOY / name).read_text()) if each]


def roles():
    kinds_of_roles = ("ClusterRole", "Role")
    return {each["metadata"]["name"]: each for each in documents() if each["kind"] in kinds_of_roles}


def rights(role):
    """Every (group, resource, verb) of a role."""
    return {
        (group, resource, verb)
        for rule in roles()[role]["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


@pytest.mark.parametrize(
    "role",
    ["meshui-reader", "meshui-impersonator", "meshui-rollback", "meshui-writer", "meshui-leader"],
)
def test_no_role_has_a_wildcard_a_secret_or_the_right_to_delete_a_collection(role):
    for group, resource, verb in rights(role):
        assert "*" not in (group, resource, verb)
        assert resource != "secrets"
        assert verb not in ("deletecollection", "patch", "escalate", "bind")


def test_the_reader_may_read_exactly_the_kinds_that_the_console_looks_at():
    watched = {(kind.group, kind.plural, verb) for kind in kinds.ALL for verb in READS}
    # Of the kinds of fields there are, it looks at one at a time (cluster.definitions).
    definitions = {(kinds.DEFINITION.group, kinds.DEFINITION.plural, "get")}
    assert rights("meshui-reader") == watched | definitions


def test_the_impersonator_may_write_nothing():
    assert rights("meshui-impersonator") == {("", "users", "impersonate"), ("", "groups", "impersonate")}


def test_a_rollback_may_change_virtual_services_and_make_or_delete_nothing():
    # tests/routing/rolling/test_contract_rights.py takes a canary out with these rights.
    kind = kinds.VIRTUAL_SERVICE
    assert rights("meshui-rollback") == {(kind.group, kind.plural, "update")}


def test_the_writer_may_write_exactly_the_kinds_that_plans_write_and_read_logs():
    # tests/clusters applies plans with these rights alone: a kind that is missing here is refused there.
    asks = {("authorization.k8s.io", "subjectaccessreviews", "create")}
    kinds_written = (kinds.VIRTUAL_SERVICE, kinds.DESTINATION_RULE)
    written = {(kind.group, kind.plural, verb) for kind in kinds_written for verb in WRITES}
    # Of people who act by impersonation, each reads logs by his own right.
    logs = {("", "pods/log", "get")}
    assert rights("meshui-writer") == asks | written | logs


def test_the_leader_may_have_one_lease_in_its_own_namespace():
    group, plural = kinds.LEASE.group, kinds.LEASE.plural
    assert rights("meshui-leader") == {(group, plural, verb) for verb in ("get", "create", "update")}
    role = roles()["meshui-leader"]
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "meshui")
    by_name = {verb: rule.get("resourceNames") for rule in role["rules"] for verb in rule["verbs"]}
    # A name cannot be asked for on create.
    assert by_name == {"create": None, "get": [lease.NAME], "update": [lease.NAME]}


@pytest.mark.parametrize(
    ("file", "roles"),
    [("impersonate.yaml", ["meshui-impersonator", "meshui-rollback"]), ("review.yaml", ["meshui-writer"])],
)
def test_each_way_of_access_binds_its_roles_to_the_console_and_to_nobody_else(file, roles):
    bindings = documents(file)
    assert [each["roleRef"]["name"] for each in bindings] == roles
    for binding in bindings:
        assert [(each["namespace"], each["name"]) for each in binding["subjects"]] == [("meshui", "meshui")]
