"""The inventory as the server renders it."""

import pytest

from cluster import connection, kinds
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from cluster.refs import Ref
from tests.pages.inventories import mesh, namespace
from tests.people import person, stranger

INVENTORY = "/inventory/"


@pytest.fixture
def cluster():
    with connection.override(mesh()) as fake:
        yield fake


def text(client, path=INVENTORY, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return " ".join(answer.content.decode().split())


def row(page, mark):
    """One row of a table, by its data attribute."""
    assert mark in page
    return page.split(mark)[1].split("</tr>")[0]


def only(namespaces, *plurals):
    """Rights to list nothing but these kinds (services always) in these namespaces."""
    listed = {"services", *plurals}
    return lambda identity, ask: (
        identity is None or (ask.verb == "list" and ask.kind.plural in listed and ask.namespace in namespaces)
    )


def test_nobody_sees_it_without_signing_in(client, db):
    assert client.get(INVENTORY).status_code == 302


def test_it_tells_what_istio_is_and_which_kinds_are_served(signed_in, cluster):
    cluster.unserved.add(kinds.GRPC_ROUTE)
    page = text(signed_in)
    assert "v1.36.3" in page
    assert "Istio 1.31.1" in page
    assert "revision default, 1 of 1 ready" in page
    assert "not served: GRPCRoute" in page
    assert "shop/waypoint" in page


def test_each_namespace_says_how_it_joins_the_mesh(signed_in, cluster):
    page = text(signed_in)
    assert "sidecar" in row(page, 'data-namespace="bookinfo"')
    assert "ambient" in row(page, 'data-namespace="shop"')
    assert "nothing" in row(page, 'data-namespace="tools"')
    assert "1 pod outside the mesh" in row(page, 'data-namespace="bookinfo"')
    assert "outside the mesh" not in row(page, 'data-namespace="shop"')


def test_a_namespace_shows_its_services_and_workloads(signed_in, cluster):
    page = text(signed_in, "/inventory/?ns=bookinfo")
    reviews = row(page, 'data-service="bookinfo/reviews"')
    for version in ("v1", "v2", "v3"):
        assert f'{version} <span class="muted">1 of 1' in reviews
    assert "/routing/bookinfo/reviews/" in reviews
    assert "1 of 1 outside the mesh" in row(page, 'data-workload="Pod bookinfo/batch-1"')
    assert 'data-namespace="shop"' not in page
    assert 'data-service="shop/' not in page


def test_a_workload_without_enough_ready_pods_says_so(signed_in, cluster):
    page = text(signed_in, "/inventory/?ns=shop")
    assert "1 of 2 ready" in row(page, 'data-workload="StatefulSet shop/cart"')
    assert "ambient" in row(page, 'data-workload="StatefulSet shop/cart"')


def test_several_namespaces_can_be_chosen_and_are_named_in_the_rows(signed_in, cluster):
    page = text(signed_in, "/inventory/?ns=bookinfo,shop")
    assert '<td class="muted">shop</td>' in row(page, 'data-service="shop/cart"')


@pytest.mark.parametrize("chosen", ["nothing", "../x", "%3Cscript%3E", "\u202e" * 300])
def test_a_namespace_that_is_none_says_so(signed_in, cluster, chosen):
    page = text(signed_in, f"/inventory/?ns={chosen}")
    assert "No namespace" in page
    assert "<script>" not in page


def test_a_waypoint_that_is_used_and_missing_is_told(signed_in, cluster):
    cluster.remove(Ref(kinds.GATEWAY_API_GATEWAY, "shop", "waypoint"))
    assert "Waypoint waypoint is to be used, and there is no such Gateway in shop" in text(signed_in)


def test_a_cluster_that_does_not_answer_is_told_once_and_nothing_is_called_zero(signed_in, cluster):
    for _ in range(30):
        cluster.fail_next("list", Unavailable("connection refused"))
    page = text(signed_in)
    assert "connection refused" in page
    assert "never listed" in page
    assert "data-namespace" not in page


def test_a_label_is_text_on_the_page(signed_in, cluster):
    cluster.put(namespace("evil", {"istio.io/rev": "<img src=x>"}))
    page = text(signed_in)
    assert "<img" not in page
    assert "&lt;img src=x&gt;" in page


def test_there_is_no_inline_style_and_no_script_without_a_nonce(signed_in, cluster):
    for path in (INVENTORY, "/inventory/?ns=bookinfo"):
        page = text(signed_in, path)
        assert " style=" not in page
        inline = [tag for tag in page.split("<script")[1:] if "src=" not in tag.split(">")[0]]
        assert all("nonce=" in tag or "application/json" in tag.split(">")[0] for tag in inline)


def test_who_may_list_one_namespace_sees_no_other(client, db, cluster):
    cluster.rights = only({"bookinfo"}, "pods", "deployments")
    client.force_login(person("bo", "bo"))
    page = text(client)
    assert 'data-namespace="bookinfo"' in page
    for other in ("shop", "tools", "istio-system", "ingressgateway", "Istio 1.31.1"):
        assert other not in page
    assert "no istiod that you may list" in page
    assert "no istiod in this cluster" not in page
    assert 'data-service="shop/' not in text(client, "/inventory/?ns=shop,bookinfo")


def test_where_pods_may_not_be_listed_it_says_that_and_not_zero(client, db, cluster):
    cluster.rights = only({"bookinfo"}, "deployments")
    client.force_login(person("bo", "bo"))
    page = text(client)
    assert "you may not list pods here" in row(page, 'data-namespace="bookinfo"')
    assert "You may not list pods, statefulsets" in page
    page = text(client, "/inventory/?ns=bookinfo")
    assert "you may not list pods here" in row(page, 'data-workload="Deployment bookinfo/reviews-v1"')


def test_who_has_no_identity_is_told_so(client, db, cluster):
    client.force_login(stranger("nemo"))
    page = text(client)
    assert "no Kubernetes identity" in page
    assert "data-namespace" not in page
    assert "v1.36.3" not in page
    assert "VirtualService" not in page


def test_a_cluster_by_its_name_keeps_its_links_inside(client, db):
    with connection.override(east=FakeCluster(), west=mesh()):
        client.force_login(person("ada"))
        page = text(client, "/clusters/west/inventory/")
    assert "/clusters/west/inventory/?ns=bookinfo" in page
    assert "/clusters/west/api/v1/inventory" in page
