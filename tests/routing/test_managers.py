"""Who else manages a resource, by what each of them leaves on its objects."""

import pytest

from routing import managers
from tests.routing.stage import REVIEWS, SPLIT, destination_rule, route, virtual_service


def marked(labels=(), annotations=(), writers=(), **metadata):
    made = virtual_service("reviews", [{"route": route(("v1", 100))}])
    entries = [{"manager": name, "operation": "Update"} for name in writers]
    made["metadata"] |= {"labels": dict(labels), "annotations": dict(annotations), "managedFields": entries}
    made["metadata"] |= metadata
    return made


SIGNS = {
    'Argo CD (application "shop")': marked(
        annotations={"argocd.argoproj.io/tracking-id": "shop:networking.istio.io/VirtualService:x/y"}
    ),
    'Argo CD (application "old")': marked(labels={"argocd.argoproj.io/instance": "old"}),
    'Argo CD (application "web")': marked(
        labels={"app.kubernetes.io/instance": "web"}, writers=["argocd-controller"]
    ),
    'Flux (Kustomization "apps")': marked(labels={"kustomize.toolkit.fluxcd.io/name": "apps"}),
    'Flux (HelmRelease "shop")': marked(
        labels={"helm.toolkit.fluxcd.io/name": "shop", "app.kubernetes.io/managed-by": "Helm"},
        annotations={"meta.helm.sh/release-name": "shop"},
    ),
    'Helm (release "shop")': marked(annotations={"meta.helm.sh/release-name": "shop"}),
    "Helm": marked(labels={"app.kubernetes.io/managed-by": "Helm"}),
    'Flagger (Canary "reviews")': marked(ownerReferences=[{"kind": "Canary", "name": "reviews"}]),
    "Argo Rollouts": marked(writers=["rollouts-controller"]),
}


@pytest.mark.parametrize(("name", "manifest"), SIGNS.items(), ids=SIGNS)
def test_each_controller_is_known_by_what_it_leaves(name, manifest):
    (found,) = managers.of(manifest)
    assert (found.name, found.acts) == (name, True)


def test_who_wrote_last_is_told_where_no_controller_is_known():
    applied = marked(annotations={"kubectl.kubernetes.io/last-applied-configuration": "{}"})
    assert [(each.name, each.acts) for each in managers.of(applied)] == [("kubectl", False)]
    found = managers.of(marked(writers=["kubectl-edit", "terraform", "meshui"]))
    assert [each.name for each in found] == ["kubectl", '"terraform"']


def test_a_label_that_any_chart_has_and_a_status_tell_of_nobody():
    assert managers.of(marked(labels={"app.kubernetes.io/instance": "reviews"}, writers=["meshui"])) == ()
    status = {"manager": "pilot-discovery", "operation": "Update", "subresource": "status"}
    assert managers.of(marked(managedFields=[status])) == ()
    assert managers.of(None) == ()


def test_two_that_pull_at_one_resource_are_both_named():
    both = marked(labels={"argocd.argoproj.io/instance": "shop"}, writers=["flagger"])
    assert [each.name for each in managers.of(both)] == ['Argo CD (application "shop")', "Flagger"]


@pytest.mark.django_db
def test_a_plan_names_them_with_what_will_happen(api, cluster):
    cluster.put(SIGNS['Argo CD (application "shop")'])
    plan = api.plan(SPLIT).json()
    (told,) = [problem for problem in plan["problems"] if problem["code"] == "MANAGED_ELSEWHERE"]
    assert (told["level"], told["resource"]) == ("warning", "VirtualService bookinfo/reviews")
    assert "self-heal" in told["message"]
    assert "Git" in told["message"]


@pytest.mark.django_db
def test_a_revert_names_them_too(api, cluster):
    change = api.applied(SPLIT)
    cluster.edit(
        REVIEWS, lambda item: item["metadata"].update(managedFields=[{"manager": "argocd-controller"}])
    )
    revert = api.post(f"changes/{change['id']}/revert").json()
    problems = api.get(f"plans/{revert['plan']}").json()["problems"]
    assert [problem["code"] for problem in problems] == ["MANAGED_ELSEWHERE"]


def test_a_resource_of_nobody_else_has_no_warning():
    assert managers.of(destination_rule("reviews", ["v1"])) == ()
