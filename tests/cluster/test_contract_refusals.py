"""What is refused, in the console's own family of errors, on each of the three clusters.

an unknown field                        Invalid (400); its path is in the message and in the causes
a value of a wrong type                 Invalid (422); the cause names its path
a missing field that is required        Invalid (422); the cause names its path
a kind that is not served               NotFound
credentials that are not known          Unauthorized (the fake has none)
an object with more bytes than allowed  Invalid (413; the fake takes any)
a version where none may be             ValueError, and nothing is sent

A dry run refuses the same, and nothing that is refused changes anything. What else goes wrong (no answer,
429, 500) is provoked with the fault proxy, in tests/faults.
"""

import copy

import pytest

from cluster import kinds
from cluster.errors import Invalid, NotFound, Unauthorized
from cluster.refs import Ref
from tests.cluster.backends import reviews, virtual_service
from tests.cluster.conftest import only

BOTH_SERVERS = only("localmesh", "kube-apiserver")


@pytest.fixture
def cluster(backend):
    return backend.cluster


@pytest.fixture
def manifest(backend):
    return virtual_service(backend.namespace)


def destination_rule(namespace, **spec):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule",
        "metadata": {"name": "reviews", "namespace": namespace},
        "spec": spec,
    }


def with_spec(manifest, **changes):
    return {**manifest, "spec": {**manifest["spec"], **changes}}


def refused(write, manifest):
    """How a write is refused: the same with and without a dry run."""
    told = []
    for dry_run in (True, False):
        with pytest.raises(Invalid) as refusal:
            write(copy.deepcopy(manifest), dry_run=dry_run)
        told.append(refusal.value)
    tried, done = told
    assert (tried.message, tried.causes, tried.status) == (done.message, done.causes, done.status)
    return done


def fields(refusal):
    return [cause.field for cause in refusal.causes if cause.field]


UNKNOWN = {
    "in the spec": (lambda spec: spec.update(hots=["a"]), "spec.hots"),
    "in a route": (lambda spec: spec["http"][0].update(rout=[]), "spec.http[0].rout"),
    "in a destination": (
        lambda spec: spec["http"][0]["route"][0]["destination"].update(hosst="a"),
        "spec.http[0].route[0].destination.hosst",
    ),
}


@pytest.mark.parametrize(("spoil", "path"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_field_is_refused_and_never_dropped(cluster, manifest, spoil, path):
    bad = copy.deepcopy(manifest)
    spoil(bad["spec"])
    refusal = refused(cluster.create, bad)
    assert refusal.status == 400
    assert f'unknown field "{path}"' in refusal.message
    assert fields(refusal) == [path]
    created = cluster.create(manifest)
    refusal = refused(cluster.replace, {**created, "spec": bad["spec"]})
    assert fields(refusal) == [path]
    assert cluster.get(Ref.of(manifest))["spec"] == manifest["spec"]


def test_every_unknown_field_is_named(cluster, manifest):
    bad = with_spec(manifest, hots=["a"], http=[{"rout": []}])
    assert fields(refused(cluster.create, bad)) == ["spec.hots", "spec.http[0].rout"]


@pytest.mark.parametrize("where", ["spek", "metadata.nom"])
def test_an_unknown_field_outside_of_the_spec_is_refused(cluster, manifest, where):
    place = manifest["metadata"] if where.startswith("metadata") else manifest
    place[where.rpartition(".")[2]] = "x"
    assert fields(refused(cluster.create, manifest)) == [where]


WRONG = {
    "a text for a list": (lambda spec: spec.update(http="x"), "spec.http"),
    "a number for a list": (lambda spec: spec.update(hosts=5), "spec.hosts"),
    "a text for a number": (
        lambda spec: spec["http"][0]["route"][0].update(weight="ten"),
        "spec.http[0].route[0].weight",
    ),
    "no host in a destination": (
        lambda spec: spec["http"][0]["route"][0]["destination"].pop("host"),
        "spec.http[0].route[0].destination.host",
    ),
}


@pytest.mark.parametrize(("spoil", "path"), WRONG.values(), ids=WRONG)
def test_a_wrong_value_is_refused_at_its_field(cluster, manifest, spoil, path):
    bad = copy.deepcopy(manifest)
    spoil(bad["spec"])
    refusal = refused(cluster.create, bad)
    assert refusal.status == 422
    assert path in refusal.message
    assert fields(refusal) == [path]
    created = cluster.create(manifest)
    assert fields(refused(cluster.replace, {**created, "spec": bad["spec"]})) == [path]
    assert cluster.get(Ref.of(manifest))["spec"] == manifest["spec"]


def test_a_spec_that_is_no_object_is_refused(cluster, manifest):
    assert fields(refused(cluster.create, {**manifest, "spec": []})) == ["spec"]


def test_what_is_required_is_asked_for(backend, cluster):
    assert fields(refused(cluster.create, destination_rule(backend.namespace))) == ["spec.host"]
    unnamed = destination_rule(backend.namespace, host="reviews", subsets=[{"labels": {"version": "v1"}}])
    assert fields(refused(cluster.create, unnamed)) == ["spec.subsets[0].name"]
    cluster.create(destination_rule(backend.namespace, host="reviews"))


def test_a_create_of_what_was_read_is_refused_before_anything_is_sent(cluster, manifest):
    created = cluster.create(manifest)
    with pytest.raises(ValueError, match="resourceVersion"):
        cluster.create(created)


def test_a_kind_that_is_not_served_is_not_found(backend, cluster):
    rollout = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "reviews", "namespace": backend.namespace},
    }
    missing = Ref.of(rollout)
    with pytest.raises(NotFound):
        cluster.list(kinds.ROLLOUT)
    with pytest.raises(NotFound):
        cluster.page(kinds.ROLLOUT, dict)
    with pytest.raises(NotFound):
        list(cluster.watch(kinds.ROLLOUT, dict, "1", seconds=1, silence=5))
    with pytest.raises(NotFound):
        cluster.get(missing)
    with pytest.raises(NotFound):
        cluster.create(rollout)
    with pytest.raises(NotFound):
        cluster.delete(missing, "1")


@BOTH_SERVERS
def test_credentials_that_are_not_known_are_told_so(backend, manifest):
    stranger = backend.adapter("not-a-token-of-anybody")
    with pytest.raises(Unauthorized):
        stranger.list(kinds.SERVICE)
    with pytest.raises(Unauthorized):
        stranger.create(manifest)
    with pytest.raises(NotFound):
        backend.cluster.get(reviews(backend))


@BOTH_SERVERS
def test_an_object_that_is_too_large_is_invalid(cluster, manifest):
    with pytest.raises(Invalid) as refusal:
        cluster.create(with_spec(manifest, hosts=["a" * 4 * 1024 * 1024]))
    assert refusal.value.status == 413
