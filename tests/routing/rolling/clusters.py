"""Bookinfo on servers that speak the real wire format: localmesh's, and the real kube-apiserver."""

from contextlib import contextmanager

from cluster import kinds
from cluster.kube import KubeCluster
from cluster.refs import Ref
from localmesh.apiserver import kinds as served
from tests.localmesh.apiserver.running import TOKEN, running
from tests.routing.stage import destination_rule, pod, route, service, virtual_service


@contextmanager
def localmesh(*, crowd=0):
    """The adapter on localmesh's API server; `crowd`: so many services are there beside ours."""
    with running() as server:
        server.inside(server.store.load, list(_crowd(crowd)))
        yield KubeCluster.at(server.url, TOKEN)


def _crowd(count):
    """Services in twenty namespaces, each with rules of its own."""
    places = [f"team-{number}" for number in range(20 if count else 0)]
    yield from ((served.NAMESPACES, {"metadata": {"name": place}}) for place in places)
    for number in range(count):
        name, place = f"shop-{number}", places[number % len(places)]
        weighted = route(("v1", 90), ("v2", 10), host=name)
        yield served.SERVICES, service(name, place)
        yield served.VIRTUAL_SERVICES, virtual_service(name, [{"route": weighted}], place)
        yield served.DESTINATION_RULES, destination_rule(name, ["v1", "v2"], place)


def bookinfo(cluster, namespace="bookinfo"):
    """Reviews with three versions, going to v1, in a namespace."""
    create(cluster, service("reviews", namespace))
    for version in ("v1", "v2", "v3"):
        create(cluster, pod(f"reviews-{version}-a", "reviews", version, namespace))
    create(cluster, destination_rule("reviews", ["v1", "v2"], namespace))
    create(cluster, virtual_service("reviews", [{"route": route(("v1", 100))}], namespace))


def create(cluster, manifest):
    """Creates an object; a pod with the images that a server wants and the status that a kubelet writes."""
    if manifest["kind"] != "Pod":
        return cluster.create(manifest)
    named = [{**item, "image": f"local/{item['name']}:1"} for item in manifest["spec"]["containers"]]
    created = cluster.create({**manifest, "spec": {"containers": named}})
    place, name = manifest["metadata"]["namespace"], manifest["metadata"]["name"]
    path = f"/api/v1/namespaces/{place}/pods/{name}/status"
    return cluster._call("PUT", path, {}, {**created, "status": manifest["status"]})


def reviews(namespace="bookinfo"):
    return Ref(kinds.VIRTUAL_SERVICE, namespace, "reviews")
