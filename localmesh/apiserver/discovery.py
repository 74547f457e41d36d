"""Which groups, versions and resources there are, in the classic and the aggregated form.

Pure: everything follows from `kinds`.
"""

from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import NotFound
from localmesh.apiserver.kinds import Resource

Map = dict[str, Any]

_STATUS_VERBS = ["get", "patch", "update"]
_SUBRESOURCE_VERBS = {"log": ["get"], "finalize": ["update"]}


def core_versions(address: str) -> Map:
    """The answer at /api."""
    clients = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
    return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": clients}


def group_list() -> Map:
    """The answer at /apis."""
    groups = [_group(name, versions) for name, versions in kinds.group_versions().items() if name]
    return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}


def group(name: str) -> Map:
    """The answer at /apis/{group}. Raises `NotFound`."""
    versions = kinds.group_versions().get(name) if name else None
    if not versions:
        raise NotFound("the server could not find the requested resource")
    return {"kind": "APIGroup", "apiVersion": "v1", **_group(name, versions)}


def _group(name: str, versions: list[str]) -> Map:
    told = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": told, "preferredVersion": told[0]}


def resource_list(group: str, version: str) -> Map:
    """The answer at /api/v1 and /apis/{group}/{version}. Raises `NotFound`."""
    found = kinds.served_at(group, version)
    if not found:
        raise NotFound("the server could not find the requested resource")
    resources = [entry for each in found for entry in _entries(each)]
    group_version = f"{group}/{version}" if group else version
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }


def _entries(resource: Resource) -> list[Map]:
    main: Map = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        main["shortNames"] = list(resource.short_names)
    if resource.categories:
        main["categories"] = list(resource.categories)
    return [main, *(_subresource(resource, name) for name in resource.subresources)]


def _subresource(resource: Resource, name: str) -> Map:
    entry: Map = {
        "name": f"{resource.plural}/{name}",
        "singularName": "",
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": _verbs_of(name),
    }
    if name == "scale":
        entry.update(group="autoscaling", version="v1", kind="Scale")
    return entry


def aggregated(version: str, *, core: bool) -> Map:
    """The answer at /api or /apis in the aggregated form; `version` is v2 or v2beta1."""
    groups = [
        {
            "metadata": {"name": name, "creationTimestamp": None} if name else {"creationTimestamp": None},
            "versions": [_aggregated_version(name, each) for each in versions],
        }
        for name, versions in kinds.group_versions().items()
        if (name == "") is core
    ]
    return {
        "kind": "APIGroupDiscoveryList",
        "apiVersion": f"apidiscovery.k8s.io/{version}",
        "metadata": {},
        "items": groups,
    }


def _aggregated_version(group: str, version: str) -> Map:
    resources = [_aggregated_resource(each, version) for each in kinds.served_at(group, version)]
    return {"version": version, "freshness": "Current", "resources": resources}


def _aggregated_resource(resource: Resource, version: str) -> Map:
    entry: Map = {
        "resource": resource.plural,
        "responseKind": {"group": resource.group, "version": version, "kind": resource.kind},
        "scope": "Namespaced" if resource.namespaced else "Cluster",
        "singularResource": resource.singular,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        entry["shortNames"] = list(resource.short_names)
    if resource.categories:
        entry["categories"] = list(resource.categories)
    if resource.subresources:
        entry["subresources"] = [
            _aggregated_subresource(resource, version, each) for each in resource.subresources
        ]
    return entry


def _aggregated_subresource(resource: Resource, version: str, name: str) -> Map:
    kind = {"group": resource.group, "version": version, "kind": resource.kind}
    if name == "scale":
        kind = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    return {"subresource": name, "responseKind": kind, "verbs": _verbs_of(name)}


def _verbs_of(subresource: str) -> list[str]:
    return _SUBRESOURCE_VERBS.get(subresource, _STATUS_VERBS)
