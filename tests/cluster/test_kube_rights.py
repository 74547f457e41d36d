"""Questions of rights on the wire, and acting as somebody: nothing is ever read too kindly."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import errors, kinds
from cluster.identity import Ask, Identity
from cluster.kube import KubeCluster, reviews
from tests.cluster.scripted import ALL, MANIFEST, NAMESPACES, NEW, NOTHING, ONE, REVIEWS, VERSION, status

SELF = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
OTHER = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
OLGA = Identity("olga", ("dev", "on call"))
LIST_PODS = Ask("list", kinds.POD, "bookinfo")


@pytest.fixture
def cluster(url):
    return KubeCluster.at(url, "secret-token")


def answered(**verdict):
    return 201, {"kind": "SubjectAccessReview", "status": verdict}


def test_ones_own_rights_are_asked_without_a_name(cluster, script):
    script.answers["POST", SELF] = answered(allowed=True)
    assert cluster.may(Ask("update", kinds.VIRTUAL_SERVICE, "bookinfo", "reviews"))
    assert script.asked[-1].body["spec"] == {
        "resourceAttributes": {
            "verb": "update",
            "group": "networking.istio.io",
            "resource": "virtualservices",
            "namespace": "bookinfo",
            "name": "reviews",
        }
    }


def test_the_rights_of_another_are_asked_with_every_group_that_kubernetes_would_add(cluster, script):
    script.answers["POST", OTHER] = answered(allowed=True)
    assert cluster.may(LIST_PODS, OLGA)
    spec = script.asked[-1].body["spec"]
    assert (spec["user"], spec["groups"]) == ("olga", ["dev", "on call", "system:authenticated"])


GROUPS = {
    "a person": (Identity("olga"), ["system:authenticated"]),
    "already there": (Identity("olga", ("system:authenticated",)), ["system:authenticated"]),
    "a service account": (
        Identity("system:serviceaccount:bookinfo:robot"),
        ["system:serviceaccounts", "system:serviceaccounts:bookinfo", "system:authenticated"],
    ),
    "a stranger": (Identity("system:anonymous"), ["system:unauthenticated"]),
}


@pytest.mark.parametrize(("identity", "groups"), GROUPS.values(), ids=GROUPS)
def test_the_groups_of_an_identity_are_those_of_its_impersonation(identity, groups):
    assert list(reviews.groups_of(identity)) == groups


def test_a_namespace_is_asked_for_within_itself(cluster, script):
    script.answers["POST", SELF] = answered(allowed=True)
    cluster.may(Ask("get", kinds.NAMESPACE, "", "bookinfo"))
    attributes = script.asked[-1].body["spec"]["resourceAttributes"]
    assert (attributes["namespace"], attributes["name"]) == ("bookinfo", "bookinfo")


NOES = [
    {},
    {"allowed": False},
    {"allowed": True, "denied": True},
    {"allowed": True, "evaluationError": "webhook"},
]


@pytest.mark.parametrize("verdict", NOES, ids=str)
def test_anything_short_of_a_plain_yes_is_a_no(cluster, script, verdict):
    script.answers["POST", SELF] = answered(**verdict)
    assert cluster.may(LIST_PODS) is False


@pytest.mark.parametrize(
    "answer",
    [(201, {}), (201, {"status": None}), (201, {"status": {"allowed": "true"}}), (201, b"<html>")],
    ids=str,
)
def test_an_answer_without_a_verdict_is_no_answer(cluster, script, answer):
    script.answers["POST", SELF] = answer
    with pytest.raises(errors.Unavailable, match="does not say whether"):
        cluster.may(LIST_PODS)


def test_a_refused_question_raises(cluster, script):
    script.answers["POST", OTHER] = status(403, "Forbidden", "cannot create subjectaccessreviews")
    with pytest.raises(errors.Forbidden):
        cluster.may(LIST_PODS, OLGA)


def test_every_request_of_one_who_acts_as_somebody_says_so(cluster, script):
    acting = cluster.acting_as(OLGA)
    script.answers |= {
        ("GET", ONE): (200, MANIFEST), ("PUT", ONE): (200, MANIFEST), ("POST", ALL): (201, MANIFEST),
        ("GET", ALL): (200, NOTHING), ("POST", SELF): answered(allowed=True), ("DELETE", ONE): (200, {}),
        ("GET", "/version"): (200, {"gitVersion": "v1"}),
    }  # fmt: skip
    acting.list(kinds.VIRTUAL_SERVICE, "bookinfo")
    acting.page(kinds.VIRTUAL_SERVICE, dict, namespace="bookinfo")
    acting.create(NEW)
    acting.replace(MANIFEST)
    acting.get(REVIEWS)
    acting.delete(REVIEWS, "7")
    acting.may(LIST_PODS)
    acting.server_version()
    asked = [each for each in script.asked if each.path != VERSION]
    assert len(asked) == 8
    for each in asked:
        assert each.headers.get_all("Impersonate-User") == ["olga"]
        assert each.headers.get_all("Impersonate-Group") == ["dev", "on call"]
        assert each.token == "Bearer secret-token"


def test_a_watch_is_opened_in_the_name_of_who_acts(cluster, script):
    script.answers["GET", NAMESPACES] = (200, b"")
    list(cluster.acting_as(OLGA).watch(kinds.NAMESPACE, dict, "1", seconds=1, silence=1))
    assert script.asked[-1].headers["Impersonate-User"] == "olga"


def test_what_is_served_is_asked_in_nobodys_name_and_known_to_all(cluster, script):
    script.answers["GET", ALL] = (200, NOTHING)
    cluster.acting_as(OLGA).list(kinds.VIRTUAL_SERVICE, "bookinfo")
    cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo")
    (asked,) = script.asked_for(VERSION)
    assert asked.headers["Impersonate-User"] is None


def test_the_console_itself_impersonates_nobody(cluster, script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    cluster.acting_as(OLGA).list(kinds.NAMESPACE)
    cluster.list(kinds.NAMESPACE)
    assert script.asked[-1].headers["Impersonate-User"] is None


NO_IDENTITIES = [
    "",
    " root",
    "root ",
    "a\r\nImpersonate-Group: system:masters",
    "a\x00",
    "a\tb",
    "a\x7f",
    "a" * 1025,
]


@pytest.mark.parametrize("name", NO_IDENTITIES, ids=repr)
def test_a_name_that_a_header_would_change_is_refused_before_anything_is_sent(cluster, script, name):
    with pytest.raises(ValueError, match="cannot be a Kubernetes user"):
        cluster.acting_as(Identity(name))
    with pytest.raises(ValueError, match="cannot be a Kubernetes group"):
        cluster.acting_as(Identity("olga", ("dev", name)))
    with pytest.raises(ValueError, match="cannot be a Kubernetes user"):
        cluster.may(LIST_PODS, Identity(name))
    assert script.asked == []


@given(st.text(min_size=1, max_size=40), st.lists(st.text(min_size=1, max_size=20), max_size=4))
def test_a_name_arrives_as_it_is_or_not_at_all(user, groups):
    try:
        headers = reviews.impersonation(Identity(user, tuple(groups)))
    except ValueError:
        return
    # What a server reads: the bytes of each line between the colon and the line's end, without outer space.
    wire = b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers)
    read = [line.split(b":", 1)[1].strip(b" \t").decode() for line in wire.split(b"\r\n")[:-1]]
    assert read == [user, *groups]


def test_a_real_server_judges_by_user_and_group_whichever_way_it_is_asked(kube_apiserver):
    namespace = kube_apiserver.namespace()
    # Not ASCII, and with a comma: what a header's text or a joined list of groups would spoil.
    user, group = f"Ольга-{uuid.uuid4().hex}", "Betrieb, Süd"
    role = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rules = [{"apiGroups": [""], "resources": ["services"], "verbs": ["list"]}]
    kube_apiserver.admin.must("POST", role + "/roles", {"metadata": {"name": "see"}, "rules": rules})
    for name, subject in (("u", {"kind": "User", "name": user}), ("g", {"kind": "Group", "name": group})):
        binding = {
            "metadata": {"name": name},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "see"},
            "subjects": [{**subject, "apiGroup": "rbac.authorization.k8s.io"}],
        }
        kube_apiserver.admin.must("POST", role + "/rolebindings", binding)
    console = kube_apiserver.cluster(kube_apiserver.admin_token)
    ask = Ask("list", kinds.SERVICE, namespace)
    rights = {
        Identity(user): True,
        Identity("else", ("a", group)): True,
        Identity("else", ("Betrieb",)): False,
    }
    for identity, allowed in rights.items():
        acting = console.acting_as(identity)
        assert (console.may(ask, identity), acting.may(ask)) == (allowed, allowed)
        assert acting.may(Ask("list", kinds.SERVICE)) is False
        if allowed:
            assert acting.list(kinds.SERVICE, namespace).items == ()
        else:
            with pytest.raises(errors.Forbidden, match='User "else" cannot list'):
                acting.list(kinds.SERVICE, namespace)
