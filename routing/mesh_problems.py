"""The findings on a mesh as REST and the pages tell them: with what they mean, and what to plan against
them.
"""

from collections.abc import Collection, Iterable
from typing import Any

from cluster.person import PersonCluster
from cluster.refs import Manifest
from routing import diff, istio, live_analysis, stored
from routing.analysis.findings import Finding
from routing.analysis.messages import TABLE
from routing.models import Plan, PlanState

Json = dict[str, Any]
_ROUTES = ("VirtualService", "DestinationRule")


def found(
    person: PersonCluster, namespaces: Collection[str] = (), resource: str = "", service: str = ""
) -> list[Json]:
    """The problems of what this person may read, the worst of a resource first.

    `namespaces`: only those in these (empty: in all); `resource`: only of this (`VirtualService shop/cart`);
    `service`: only of what routes this one (`shop/cart`).
    """
    every = live_analysis.findings(person)
    chosen = [
        each
        for each in every
        if (not namespaces or each.subject.namespace in namespaces)
        and (not resource or each.resource == resource)
    ]
    if service:
        about = _about(person, service)
        chosen = [each for each in chosen if each.resource in about]
    return told(person, chosen)


def of_plan(person: PersonCluster, plan: Plan) -> list[Json]:
    """What the analysis would say once a plan is applied, and does not say now; nothing of one that is not
    ready to be.
    """
    if plan.state != PlanState.READY:
        return []
    writes = ((stored.ref(kept["resource"]), kept["after"]) for kept in plan.operations)
    return [{**each, "cure": None} for each in told(person, live_analysis.foreseen(person, writes))]


def told(person: PersonCluster, findings: Iterable[Finding]) -> list[Json]:
    """Findings that this person is shown, with the meaning of each code, and its cure as a rule to plan."""
    every = list(findings)
    cures = live_analysis.cures(person, every)
    return [
        {
            **each.to_json(),
            "name": TABLE[each.code].name,
            "cause": TABLE[each.code].cause,
            "advice": TABLE[each.code].cure,
            "cure": rule_of(cures[each]) if each in cures else None,
        }
        for each in every
    ]


def rule_of(manifest: Manifest) -> Json:
    """The rule that writes a cured object, unless somebody has changed it since."""
    written = diff.content(manifest)
    version = manifest["metadata"].get("resourceVersion")
    if version:
        written = {**written, "metadata": {**written["metadata"], "resourceVersion": version}}
    return {"kind": "object", "manifest": written}


def _about(person: PersonCluster, service: str) -> set[str]:
    """The resources that are about a service or send requests to it, as findings name them."""
    namespace, _, name = service.partition("/")
    host = istio.service_host(namespace, name)
    return {
        f"{manifest['kind']} {manifest['metadata']['namespace']}/{manifest['metadata']['name']}"
        for manifest in live_analysis.manifests(person, _ROUTES)
        if host in _hosts(manifest)
    }


def _hosts(manifest: Manifest) -> set[str]:
    if manifest["kind"] == "DestinationRule":
        return {istio.host_of(manifest)}
    return {*istio.hosts_of(manifest), *istio.destinations(manifest)}
