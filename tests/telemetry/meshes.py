"""Random traffic between namespaces, for hypothesis. Every name carries its namespace in it, so that a leak
shows: what stands in `alpha` is called `alpha-...`.
"""

from hypothesis import strategies as st

from telemetry.health import read_annotation
from telemetry.roster import Named, Roster, Standing
from telemetry.samples import EdgeLabels, Idle, Samples, VolumeRate
from telemetry.shortfall import Failure, Note, Shortfall
from tests.telemetry.builders import durations, rate

NAMESPACES = ("alpha", "beta", "gamma")
OUTSIDE = "host-of-alpha.example.org"
namespaces = st.sampled_from(NAMESPACES)
rights = st.frozensets(namespaces)
_versions = st.sampled_from(["v1", "v2"])


@st.composite
def sources(draw):
    """Who calls: a workload, or nobody that is known."""
    if draw(st.integers(0, 5)) == 0:
        return {"reporter": "destination", "connection_security_policy": "none"}
    namespace, version = draw(namespaces), draw(_versions)
    return {
        "reporter": draw(st.sampled_from(["source", "source", "waypoint", "destination"])),
        "source_workload": f"{namespace}-web-{version}",
        "source_workload_namespace": namespace,
        "source_canonical_service": f"{namespace}-web",
        "source_canonical_revision": f"{namespace}-{version}",
        "source_cluster": f"{namespace}-cluster",
    }


def service_in(namespace: str, name: str = "web") -> dict[str, str]:
    return {
        "destination_service": f"{namespace}-{name}.{namespace}.svc.cluster.local",
        "destination_service_name": f"{namespace}-{name}",
        "destination_service_namespace": namespace,
    }


def workload_in(namespace: str, version: str, name: str = "web") -> dict[str, str]:
    return {
        "destination_workload": f"{namespace}-{name}-{version}",
        "destination_workload_namespace": namespace,
        "destination_canonical_service": f"{namespace}-{name}",
        "destination_canonical_revision": f"{namespace}-{version}",
        "destination_cluster": f"{namespace}-cluster",
    }


@st.composite
def plain_labels(draw):
    """A call as Kubernetes has them: a service and its workloads stand in one namespace."""
    namespace, name = draw(namespaces), draw(st.sampled_from(["web", "db"]))
    reached = draw(st.integers(0, 3)) > 0
    workload = workload_in(namespace, draw(_versions), name) if reached else {}
    return EdgeLabels(**draw(sources()), **service_in(namespace, name), **workload)


@st.composite
def odd_labels(draw):
    """Calls with what can be missing or stand elsewhere: ServiceEntries, foreign hosts, names of nowhere."""
    service = draw(st.sampled_from([{}, {"destination_service": OUTSIDE}, *map(service_in, NAMESPACES)]))
    workload = draw(st.one_of(st.just({}), st.builds(workload_in, namespaces, _versions)))
    if OUTSIDE in service.values():
        workload = {}
    fields = {**draw(sources()), **service, **workload}
    fields[draw(st.sampled_from([each for each in EdgeLabels._fields if "_namespace" not in each]))] = ""
    if draw(st.booleans()):
        nowhere = draw(st.sampled_from(["source_", "destination_"]))
        fields |= {each: "" for each in fields if each.startswith(nowhere) and each.endswith("_namespace")}
    return EdgeLabels(**fields)


def _cluster_of(namespace: str):
    """Each namespace has two clusters of its own, besides the one that needs no name."""
    return st.sampled_from(
        ["", "Kubernetes", *(f"{namespace}-{side}" for side in ("east", "west") if namespace)]
    )


@st.composite
def spread_labels(draw):
    """Calls within and between clusters."""
    labels = draw(st.one_of(plain_labels(), odd_labels()))
    reached = labels.destination_workload_namespace or labels.destination_service_namespace
    return labels._replace(
        source_cluster=draw(_cluster_of(labels.source_workload_namespace)),
        destination_cluster=draw(_cluster_of(reached)),
    )


@st.composite
def readings(draw, labels=None):
    """One reading of the mesh, with proxies that did not answer."""
    labels = st.one_of(plain_labels(), odd_labels()) if labels is None else labels
    calls = draw(st.lists(st.tuples(labels, st.sampled_from([0.5, 3.0, 40.0])), max_size=6))
    idle = draw(st.lists(labels, max_size=1))
    return Samples(
        taken_at=1000.0,
        window_seconds=10.0,
        requests=tuple(rate(of, rps, "503" if rps < 1 else "200") for of, rps in calls),
        durations=tuple(durations(of, 0, 1, 2, 3, 4, 4) for of, _ in calls[:2]),
        volumes=tuple(VolumeRate(of, 10 * rps, 20 * rps, opened_connections=1) for of, rps in calls[1:4]),
        idle=tuple(Idle(of, 30.0) for of in idle),
        shortfall=shortfall(),
    )


def shortfall() -> Shortfall:
    """Of every namespace a proxy that did not answer."""
    return Shortfall(
        common="The list of pods is not up to date.",
        inner='pods is forbidden in the namespace "alpha"',
        proxies=dict.fromkeys(NAMESPACES, 1000),
        notes=tuple(Note(each, f"Something is wrong with {each}-web.") for each in NAMESPACES),
        failures=tuple(Failure(each, f"{each}-web-0", "hangs", "alpha beta gamma") for each in NAMESPACES),
    )


def what_runs() -> Roster:
    """Of every namespace a workload and a service that never had traffic, and what an annotation says."""
    workloads = [Standing(each, f"{each}-idle-v1", f"{each}-idle", f"{each}-v1", "") for each in NAMESPACES]
    return Roster(
        workloads=tuple(workloads),
        services=tuple(Named(each, f"{each}-lonely", each, False) for each in NAMESPACES),
        annotated={("service", each, f"{each}-web"): read_annotation("5xx,1,2,.*,.*") for each in NAMESPACES},
    )


def names_hidden_from(visible: frozenset[str]) -> list[bytes]:
    """What may stand in no byte: all names of the other namespaces, and those that stand in none."""
    hidden = [namespace for namespace in NAMESPACES if namespace not in visible]
    return [name.encode() for name in (*hidden, OUTSIDE)]
