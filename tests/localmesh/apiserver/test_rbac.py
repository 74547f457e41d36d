"""The rules of role-based access control: what they grant, and what no rule grants."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh.apiserver.access.asks import Ask, ask_of
from localmesh.apiserver.access.rbac import Policy, Rule
from localmesh.apiserver.access.users import User

LIST_PODS = Ask("list", "", "pods", namespace="one")


def rule(verbs="get", groups="", resources="pods", **more):
    return {"verbs": verbs.split(), "apiGroups": groups.split(","), "resources": resources.split(), **more}


def role(name, *rules, namespace=None, **more):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata, "rules": list(rules), **more}


def binding(role_name, *subjects, namespace=None, kind="ClusterRole"):
    metadata = {"name": "b", **({"namespace": namespace} if namespace else {})}
    return {"metadata": metadata, "roleRef": {"kind": kind, "name": role_name}, "subjects": list(subjects)}


def user(name):
    return {"kind": "User", "name": name}


def granted_everywhere(*rules):
    return Policy.of(cluster_roles=[role("r", *rules)], cluster_role_bindings=[binding("r", user("alice"))])


def may(policy, ask, name="alice", *groups):
    return policy.decide(User(name, groups), ask).allowed


@pytest.mark.parametrize(
    ("given_rule", "ask", "allowed"),
    [
        (rule("list"), LIST_PODS, True),
        (rule("get watch"), LIST_PODS, False),
        (rule("*"), LIST_PODS, True),
        (rule("list", "apps"), LIST_PODS, False),
        (rule("list", "*"), LIST_PODS, True),
        (rule("list", resources="services"), LIST_PODS, False),
        (rule("list", resources="*"), LIST_PODS, True),
        (rule("get"), Ask("get", resource="pods", subresource="log"), False),
        (rule("get", resources="pods/log"), Ask("get", resource="pods", subresource="log"), True),
        (rule("get", resources="pods/log"), Ask("get", resource="pods"), False),
        (rule("get", resources="*/log"), Ask("get", resource="pods", subresource="log"), True),
        (rule("get", resources="*/log"), Ask("get", resource="pods", subresource="status"), False),
        (rule("get", resources="*"), Ask("get", resource="pods", subresource="log"), True),
        (rule("get", resourceNames=["p"]), Ask("get", resource="pods", name="p"), True),
        (rule("get", resourceNames=["p"]), Ask("get", resource="pods", name="q"), False),
        (rule("list", resourceNames=["p"]), LIST_PODS, False),
        ({"verbs": ["get"], "nonResourceURLs": ["/api/*"]}, Ask("get", path="/api/v1"), True),
        ({"verbs": ["get"], "nonResourceURLs": ["/api/*"]}, Ask("get", path="/apis"), False),
        ({"verbs": ["get"], "nonResourceURLs": ["*"]}, Ask("get", path="/metrics"), True),
        ({"verbs": ["get"], "nonResourceURLs": ["*"]}, Ask("get", resource="pods"), False),
        (rule("*", "*", "*"), Ask("get", path="/metrics"), False),
    ],
)
def test_a_rule_grants_what_it_says(given_rule, ask, allowed):
    assert may(granted_everywhere(given_rule), ask) is allowed


def test_a_role_binding_grants_in_its_namespace_only():
    policy = Policy.of(
        cluster_roles=[role("reader", rule("list"))],
        role_bindings=[binding("reader", user("alice"), namespace="one")],
    )
    assert may(policy, LIST_PODS)
    assert not may(policy, replace(LIST_PODS, namespace="two"))
    assert not may(policy, replace(LIST_PODS, namespace=""))


def test_a_role_is_found_in_the_namespace_of_its_binding():
    mine, theirs = role("r", rule("list"), namespace="one"), role("r", namespace="two")
    bound = [binding("r", user("alice"), namespace=name, kind="Role") for name in ("one", "two")]
    policy = Policy.of(roles=[mine, theirs], role_bindings=bound)
    assert may(policy, LIST_PODS)
    assert not may(policy, replace(LIST_PODS, namespace="two"))


@pytest.mark.parametrize(
    ("subject", "name", "groups"),
    [
        (user("alice"), "alice", ()),
        ({"kind": "Group", "name": "dev"}, "bob", ("dev",)),
        ({"kind": "ServiceAccount", "name": "sa", "namespace": "ns"}, "system:serviceaccount:ns:sa", ()),
    ],
)
def test_a_subject_is_a_user_a_group_or_a_service_account(subject, name, groups):
    policy = Policy.of(cluster_roles=[role("r", rule("list"))], cluster_role_bindings=[binding("r", subject)])
    assert may(policy, LIST_PODS, name, *groups)
    assert not may(policy, LIST_PODS, "mallory", "other")


def test_a_user_of_a_groups_name_is_not_the_group():
    policy = Policy.of(
        cluster_roles=[role("r", rule("list"))], cluster_role_bindings=[binding("r", user("dev"))]
    )
    assert not may(policy, LIST_PODS, "alice", "dev")


def test_a_decision_tells_by_which_binding_and_a_refusal_which_role_is_missing():
    decision = granted_everywhere(rule("list")).decide(User("alice"), LIST_PODS)
    assert decision.reason == 'RBAC: allowed by ClusterRoleBinding "b" of ClusterRole "r" to User "alice"'
    policy = Policy.of(cluster_role_bindings=[binding("gone", user("alice"))])
    refusal = policy.decide(User("alice"), LIST_PODS)
    assert not refusal.allowed
    assert 'clusterrole.rbac.authorization.k8s.io "gone" not found' in refusal.reason


def test_an_aggregated_role_has_the_rules_of_those_that_it_selects_and_of_their_parts():
    def aggregate(name, selected, **labels):
        selector = {"clusterRoleSelectors": [{"matchLabels": {selected: "yes"}}]}
        found = role(name, aggregationRule=selector)
        found["metadata"]["labels"] = labels
        return found

    part = role("part", rule("list"))
    part["metadata"]["labels"] = {"view": "yes"}
    policy = Policy.of(
        cluster_roles=[aggregate("edit", "edit"), part, aggregate("view", "view", edit="yes")],
        cluster_role_bindings=[binding("edit", user("alice"))],
    )
    assert may(policy, LIST_PODS)


def test_nobody_lacks_what_they_have_and_all_lack_what_is_more():
    policy = granted_everywhere(rule("get list"), rule("get", resources="services"))
    alice = User("alice")
    assert policy.lacking(alice, [Rule.of(rule("list")), Rule.of(rule("get"))], "one") == []
    assert policy.lacking(alice, [Rule.of(rule("*"))], "one") == [Ask("*", resource="pods")]
    assert policy.lacking(alice, [Rule.of(rule("get", resources="pods/log"))], "one")


WORDS = st.sampled_from(["a", "b", "*"])
NAMES = st.sampled_from(["n", "m"])
RULES = st.fixed_dictionaries(
    {
        "verbs": st.lists(WORDS, max_size=2),
        "apiGroups": st.lists(WORDS, max_size=2),
        "resources": st.lists(st.sampled_from(["a", "b", "a/s", "*/s", "*"]), max_size=2),
        "resourceNames": st.lists(NAMES, max_size=1),
    }
)
ASKS = st.builds(
    Ask,
    verb=st.sampled_from("ab"),
    group=st.sampled_from("ab"),
    resource=st.sampled_from("ab"),
    subresource=st.sampled_from(["", "s"]),
    namespace=st.sampled_from(["", "one", "two"]),
    name=st.one_of(st.just(""), NAMES),
)
PEOPLE = st.builds(User, name=st.sampled_from(["alice", "bob"]), groups=st.just(()))
BOUND = st.lists(
    st.tuples(st.sampled_from(["alice", "bob"]), st.sampled_from([None, "one", "two"])), max_size=3
)


def policy_of(rules, bound):
    found = [binding("r", user(name), namespace=where) for name, where in bound]
    everywhere = [each for each in found if "namespace" not in each["metadata"]]
    inside = [each for each in found if "namespace" in each["metadata"]]
    return Policy.of(
        cluster_roles=[role("r", *rules)], role_bindings=inside, cluster_role_bindings=everywhere
    )


@given(st.lists(RULES, max_size=3), RULES, BOUND, PEOPLE, ASKS)
def test_one_rule_more_never_takes_a_right_away(rules, one_more, bound, person, ask):
    before = policy_of(rules, bound).decide(person, ask).allowed
    after = policy_of([*rules, one_more], bound).decide(person, ask).allowed
    assert after or not before


@given(st.lists(RULES, max_size=3), BOUND, PEOPLE, ASKS)
def test_without_a_binding_there_is_no_right(rules, bound, person, ask):
    others = [each for each in bound if each[0] != person.name or each[1] not in (None, ask.namespace)]
    assert not policy_of(rules, others).decide(person, ask).allowed


@given(st.lists(RULES, max_size=3), BOUND, PEOPLE, ASKS)
def test_what_is_granted_in_a_namespace_is_what_is_decided_there(rules, bound, person, ask):
    policy = policy_of(rules, bound)
    told = [Rule.of(each.told()) for each in policy.granted(person, ask.namespace).rules]
    assert any(each.allows(ask) for each in told) is policy.decide(person, ask).allowed


@given(st.lists(RULES, max_size=3), BOUND, PEOPLE, ASKS)
def test_who_lacks_nothing_of_a_rule_may_do_all_that_it_grants(rules, bound, person, ask):
    policy = policy_of(rules, bound)
    other = Rule.of({"verbs": ["a"], "apiGroups": ["a"], "resources": ["a", "*/s"]})
    if other.allows(ask) and not policy.lacking(person, [other], ask.namespace):
        assert policy.decide(person, ask).allowed


@pytest.mark.parametrize(
    ("request_line", "ask"),
    [
        ("GET /version", Ask("get", path="/version")),
        ("GET /apis/apps/v1", Ask("get", path="/apis/apps/v1")),
        ("GET /api/v1/pods", Ask("list", resource="pods")),
        ("GET /api/v1/pods?watch=1", Ask("watch", resource="pods")),
        ("GET /api/v1/pods?fieldSelector=metadata.name=p", Ask("list", resource="pods", name="p")),
        ("GET /api/v1/namespaces", Ask("list", resource="namespaces")),
        ("GET /api/v1/namespaces/a", Ask("get", resource="namespaces", namespace="a", name="a")),
        (
            "PUT /api/v1/namespaces/a/finalize",
            Ask("update", "", "namespaces", "finalize", namespace="a", name="a"),
        ),
        ("DELETE /api/v1/namespaces/a/pods", Ask("deletecollection", resource="pods", namespace="a")),
        ("DELETE /api/v1/namespaces/a/pods/p", Ask("delete", resource="pods", namespace="a", name="p")),
        (
            "GET /api/v1/namespaces/a/pods/p/log",
            Ask("get", "", "pods", "log", namespace="a", name="p"),
        ),
        (
            "PATCH /apis/unknown.io/v1/namespaces/a/things/t",
            Ask("patch", "unknown.io", "things", namespace="a", name="t"),
        ),
        ("POST /apis/apps/v1/namespaces/a/deployments", Ask("create", "apps", "deployments", namespace="a")),
    ],
)
def test_a_request_asks_for_what_its_path_says(request_line, ask):
    method, _, where = request_line.partition(" ")
    path, _, query = where.partition("?")
    options = dict([query.split("=", 1)]) if query else {}
    assert ask_of(method, tuple(path.strip("/").split("/")), options) == ask
