"""Access control over HTTP: several users, impersonation, roles that are obeyed, and reviews that tell so."""

import json

import pytest

from localmesh.apiserver.access.users import User
from tests.localmesh.apiserver.objects import CONFIG_MAPS, PODS, config_map
from tests.localmesh.apiserver.running import Kubectl, running
from tests.needs import program

RBAC = "/apis/rbac.authorization.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1"
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
ALICE = "a-token-for-alice"
READER = [{"verbs": ["get", "list", "watch"], "apiGroups": [""], "resources": ["configmaps"]}]


@pytest.fixture(scope="module")
def mesh():
    with running(users={ALICE: User("alice", ("dev",), "uid-of-alice")}) as found:
        yield found


@pytest.fixture
def grant(mesh):
    """Grants a user rules, in a namespace or everywhere, until the test ends; gives the binding's path."""
    made = []

    def make(rules, *, name="alice", namespace="bookinfo", kind="User"):
        scope, cluster = (f"/namespaces/{namespace}", "") if namespace else ("", "Cluster")
        role = {"metadata": {"generateName": "test-"}, "rules": rules}
        found = mesh.ask("POST", f"{RBAC}{scope}/{cluster.lower()}roles", role).json
        reference = {"kind": f"{cluster}Role", "name": found["metadata"]["name"]}
        reference["apiGroup"] = "rbac.authorization.k8s.io"
        subjects = [{"kind": kind, "name": name, "apiGroup": "rbac.authorization.k8s.io"}]
        binding = {"metadata": {"generateName": "test-"}, "roleRef": reference, "subjects": subjects}
        path = f"{RBAC}{scope}/{cluster.lower()}rolebindings"
        answer = mesh.ask("POST", path, binding)
        assert answer.status == 201, answer.body
        made.append(f"{path}/{answer.json['metadata']['name']}")
        return made[-1]

    yield make
    for path in made:
        mesh.ask("DELETE", path)


def as_alice(mesh, method, path, body=None, **headers):
    return mesh.ask(method, path, body, token=ALICE, **headers)


def whoami(mesh, *headers):
    """Who a request of the administrator with these headers is; repeated ones included."""
    response = mesh.raw("POST", WHO, b"{}", **{"Content-Type": "application/json", **dict(headers)})
    answer = json.loads(response.read())
    mesh.hang_up()
    assert response.status == 201, answer
    return answer["status"]["userInfo"]


def test_the_administrator_and_others_are_who_their_tokens_say(mesh):
    admin = {"username": "admin", "groups": ["system:masters", "system:authenticated"]}
    assert mesh.ask("POST", WHO, {}).json["status"]["userInfo"] == admin
    assert as_alice(mesh, "POST", WHO, {}).json["status"]["userInfo"] == {
        "username": "alice",
        "uid": "uid-of-alice",
        "groups": ["dev", "system:authenticated"],
    }


def test_an_impersonated_user_has_the_groups_that_are_named_and_is_signed_in(mesh):
    found = whoami(
        mesh,
        ("Impersonate-User", "bob"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Uid", "u1"),
        ("Impersonate-Extra-Scopes%2Fa", "x"),
    )
    assert found == {
        "username": "bob",
        "uid": "u1",
        "groups": ["ops", "system:authenticated"],
        "extra": {"scopes/a": ["x"]},
    }


def test_an_impersonated_service_account_has_its_groups_unless_others_are_named(mesh):
    account = ("Impersonate-User", "system:serviceaccount:bookinfo:default")
    told = ["system:serviceaccounts", "system:serviceaccounts:bookinfo", "system:authenticated"]
    assert whoami(mesh, account)["groups"] == told
    assert whoami(mesh, account, ("Impersonate-Group", "ops"))["groups"] == ["ops", "system:authenticated"]


def test_the_anonymous_may_look_at_the_version_and_at_nothing_else(mesh):
    anonymous = {"Impersonate_User": "system:anonymous"}
    assert mesh.ask("GET", "/version", **anonymous).status == 200
    answer = mesh.ask("POST", WHO, {}, **anonymous)
    assert answer.status == 403
    assert 'User "system:anonymous" cannot create resource "selfsubjectreviews"' in answer.json["message"]


@pytest.mark.parametrize("header", ["Impersonate_Group", "Impersonate_Uid", "Impersonate_Extra_Scopes"])
def test_groups_without_a_user_are_a_bad_request(mesh, header):
    answer = mesh.ask("GET", CONFIG_MAPS, **{header: "x"})
    assert (answer.status, answer.json["reason"]) == (400, "BadRequest")
    assert "without impersonating a user" in answer.json["message"]


def test_who_may_not_impersonate_is_refused_whatever_the_other_may(mesh):
    answer = as_alice(mesh, "GET", "/version", Impersonate_User="admin")
    assert answer.status == 403
    assert 'User "alice" cannot impersonate resource "users"' in answer.json["message"]


def test_each_user_and_group_to_impersonate_must_be_allowed(mesh, grant):
    users = {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["users"], "resourceNames": ["bob"]}
    groups = {"verbs": ["impersonate"], "apiGroups": [""], "resources": ["groups"], "resourceNames": ["ops"]}
    grant([users, groups], namespace="")
    asked = {"Impersonate_User": "bob", "Impersonate_Group": "ops"}
    assert as_alice(mesh, "GET", "/version", **asked).status == 200
    assert as_alice(mesh, "GET", "/version", Impersonate_User="carol").status == 403
    refused = as_alice(mesh, "GET", "/version", Impersonate_User="bob", Impersonate_Group="system:masters")
    assert 'cannot impersonate resource "groups"' in refused.json["message"]
    assert as_alice(mesh, "GET", "/version", **asked, Impersonate_Uid="u").status == 403
    assert as_alice(mesh, "GET", "/version", **asked, Impersonate_Extra_Scopes="s").status == 403


@pytest.mark.parametrize(
    ("method", "path", "told"),
    [
        ("GET", CONFIG_MAPS, 'cannot list resource "configmaps" in API group "" in the namespace "bookinfo"'),
        ("GET", f"{CONFIG_MAPS}?watch=1", 'cannot watch resource "configmaps"'),
        (
            "GET",
            "/api/v1/configmaps",
            'cannot list resource "configmaps" in API group "" at the cluster scope',
        ),
        ("GET", f"{CONFIG_MAPS}/c", 'configmaps "c" is forbidden: User "alice" cannot get'),
        ("POST", CONFIG_MAPS, 'cannot create resource "configmaps"'),
        ("PUT", f"{CONFIG_MAPS}/c", 'cannot update resource "configmaps"'),
        ("PATCH", f"{CONFIG_MAPS}/c", 'cannot patch resource "configmaps"'),
        ("DELETE", f"{CONFIG_MAPS}/c", 'cannot delete resource "configmaps"'),
        ("DELETE", CONFIG_MAPS, 'cannot deletecollection resource "configmaps"'),
        ("GET", f"{PODS}/p/log", 'cannot get resource "pods/log"'),
        ("GET", "/apis/unknown.io/v1/things", 'things.unknown.io is forbidden: User "alice" cannot list'),
        ("GET", "/metrics", 'forbidden: User "alice" cannot get path "/metrics"'),
    ],
)
def test_a_refusal_tells_who_may_not_do_what_and_where(mesh, method, path, told):
    answer = as_alice(mesh, method, path, {} if method in ("POST", "PUT", "PATCH") else None)
    assert (answer.status, answer.json["reason"]) == (403, "Forbidden")
    assert told in answer.json["message"]


def test_a_role_in_a_namespace_grants_there_and_nowhere_else(mesh, grant):
    grant(READER)
    assert as_alice(mesh, "GET", CONFIG_MAPS).status == 200
    assert as_alice(mesh, "GET", CONFIG_MAPS.replace("bookinfo", "default")).status == 403
    assert as_alice(mesh, "GET", "/api/v1/configmaps").status == 403
    assert as_alice(mesh, "POST", CONFIG_MAPS, config_map("by-alice")).status == 403


def test_a_cluster_role_for_a_group_grants_everywhere(mesh, grant):
    grant(READER, name="dev", namespace="", kind="Group")
    assert as_alice(mesh, "GET", "/api/v1/configmaps").status == 200


def test_a_right_that_is_taken_back_is_gone_at_once(mesh, grant):
    path = grant(READER)
    assert as_alice(mesh, "GET", CONFIG_MAPS).status == 200
    mesh.ask("DELETE", path)
    assert as_alice(mesh, "GET", CONFIG_MAPS).status == 403


def test_an_apply_that_would_create_needs_the_right_to_create(mesh, grant):
    grant([{"verbs": ["patch"], "apiGroups": [""], "resources": ["configmaps"]}])
    body = {"apiVersion": "v1", "kind": "ConfigMap", **config_map("applied")}
    media = "application/apply-patch+yaml"
    path = f"{CONFIG_MAPS}/applied?fieldManager=alice"
    answer = as_alice(mesh, "PATCH", path, body, Content_Type=media)
    assert answer.status == 403
    assert 'cannot create resource "configmaps"' in answer.json["message"]
    mesh.ask("POST", CONFIG_MAPS, config_map("applied"))
    assert as_alice(mesh, "PATCH", path, body, Content_Type=media).status == 200


def test_nobody_hands_out_more_rights_than_they_have(mesh, grant):
    rbac = "rbac.authorization.k8s.io"
    grant([*READER, {"verbs": ["create"], "apiGroups": [rbac], "resources": ["roles", "rolebindings"]}])
    roles, bindings = (f"{RBAC}/namespaces/bookinfo/{each}" for each in ("roles", "rolebindings"))
    assert as_alice(mesh, "POST", roles, {"metadata": {"name": "same"}, "rules": READER}).status == 201
    more = [{"verbs": ["get"], "apiGroups": [""], "resources": ["secrets"]}]
    refused = as_alice(mesh, "POST", roles, {"metadata": {"name": "more"}, "rules": more})
    assert refused.status == 403
    assert "attempting to grant RBAC permissions not currently held" in refused.json["message"]
    admin = {"kind": "ClusterRole", "name": "cluster-admin", "apiGroup": rbac}
    subjects = [{"kind": "User", "name": "alice", "apiGroup": rbac}]
    body = {"metadata": {"name": "me"}, "roleRef": admin, "subjects": subjects}
    assert as_alice(mesh, "POST", bindings, body).status == 403
    assert mesh.ask("GET", f"{bindings}/me").status == 404


def test_a_review_answers_as_the_request_would_be(mesh, grant):
    grant(READER)

    def about(verb, namespace="bookinfo"):
        return {"resourceAttributes": {"verb": verb, "resource": "configmaps", "namespace": namespace}}

    def mine(verb):
        spec = {"spec": about(verb)}
        return as_alice(mesh, "POST", f"{REVIEWS}/selfsubjectaccessreviews", spec).json["status"]

    assert mine("list")["allowed"] is True
    assert mine("delete") == {"allowed": False}
    others, local = (
        f"{REVIEWS}/subjectaccessreviews",
        f"{REVIEWS}/namespaces/bookinfo/localsubjectaccessreviews",
    )
    body = {"spec": {"user": "alice", **about("list")}}
    assert as_alice(mesh, "POST", others, body).status == 403
    assert mesh.ask("POST", others, body).json["status"]["allowed"] is True
    assert mesh.ask("POST", local, body).json["status"]["allowed"] is True
    body = {"spec": {"user": "alice", **about("list", "")}}
    assert mesh.ask("POST", others, body).json["status"]["allowed"] is False


def test_a_review_that_asks_for_nothing_or_about_nobody_is_invalid(mesh):
    attributes = {"resourceAttributes": {"verb": "get", "resource": "pods", "namespace": "other"}}
    local = f"{REVIEWS}/namespaces/bookinfo/localsubjectaccessreviews"
    for path, spec in [
        (f"{REVIEWS}/subjectaccessreviews", {"user": "alice"}),
        (f"{REVIEWS}/subjectaccessreviews", attributes),
        (local, {"user": "alice", **attributes}),
    ]:
        answer = mesh.ask("POST", path, {"spec": spec})
        assert (answer.status, answer.json["reason"]) == (422, "Invalid")


def test_a_rules_review_tells_all_that_one_may_do(mesh, grant):
    grant(READER)
    path = f"{REVIEWS}/selfsubjectrulesreviews"
    rules = as_alice(mesh, "POST", path, {"spec": {"namespace": "bookinfo"}}).json["status"]["resourceRules"]
    assert READER[0] in rules
    assert as_alice(mesh, "POST", path, {"spec": {}}).status == 400


def test_the_roles_that_every_cluster_has_are_there_and_view_reads_what_is_no_secret(mesh):
    names = {each["metadata"]["name"] for each in mesh.ask("GET", f"{RBAC}/clusterroles").json["items"]}
    assert {"cluster-admin", "admin", "edit", "view", "system:discovery", "system:basic-user"} <= names

    def may(role, verb, resource):
        reference = {"kind": "ClusterRole", "name": role, "apiGroup": "rbac.authorization.k8s.io"}
        subjects = [{"kind": "User", "name": role, "apiGroup": "rbac.authorization.k8s.io"}]
        body = {"metadata": {"name": f"as-{role}"}, "roleRef": reference, "subjects": subjects}
        mesh.ask("POST", f"{RBAC}/namespaces/bookinfo/rolebindings", body)
        about = {"verb": verb, "resource": resource, "namespace": "bookinfo"}
        spec = {"user": role, "resourceAttributes": about}
        return mesh.ask("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": spec}).json["status"]["allowed"]

    assert may("view", "list", "services")
    assert not may("view", "list", "secrets")
    assert not may("view", "update", "services")
    assert may("edit", "list", "secrets")
    assert may("edit", "update", "services")
    assert may("admin", "list", "services")


def test_default_roles_are_mended_at_the_next_start_and_keep_what_was_added(tmp_path):
    path = f"{RBAC}/clusterroles/view"
    part = f"{RBAC}/clusterroles/system:aggregate-to-view"
    with running(tmp_path / "db") as server:
        assert server.ask("DELETE", path).status == 200
        extra = {"verbs": ["get"], "apiGroups": ["x"], "resources": ["y"]}
        server.patch(part, {"rules": [extra]})
    with running(tmp_path / "db") as server:
        assert server.ask("GET", path).status == 200
        rules = server.ask("GET", part).json["rules"]
    assert extra in rules
    assert len(rules) > 1


def test_kubectl_can_act_as_somebody_and_ask_what_one_may(mesh, grant, tmp_path):
    kubectl = Kubectl(program("kubectl"), mesh, tmp_path)
    grant(READER, name="bob")
    assert kubectl.run("auth", "can-i", "list", "configmaps", "--as=bob").strip() == "yes"
    assert "no" in kubectl.run("auth", "can-i", "delete", "configmaps", "--as=bob", code=1)
    assert "configmaps" in kubectl.run("auth", "can-i", "--list", "--as=bob")
    assert "Forbidden" in kubectl.run("get", "services", "--as=bob", "--as-group=ops", code=1)
    kubectl.run("get", "configmaps", "--as=bob")
    who = kubectl.run("auth", "whoami", "--as=bob", "--as-group=one", "--as-group=two")
    assert "[one two system:authenticated]" in who
