"""The roles and bindings that every cluster has, as far as its kinds are served here.

Put into the store at each start: what somebody took away from them comes back, what they added stays, and an
annotation `rbac.authorization.kubernetes.io/autoupdate: "false"` keeps them as they are. Source: "Default
roles and role bindings" in the documentation of Kubernetes.
"""

from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.access.rbac import API_GROUP
from localmesh.apiserver.access.users import AUTHENTICATED, MASTERS, UNAUTHENTICATED
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.store import Store

Map = dict[str, Any]

_AUTOUPDATE = "rbac.authorization.kubernetes.io/autoupdate"
_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_AGGREGATE = "rbac.authorization.k8s.io/aggregate-to-"
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")

_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*")

_SCALES = ("deployments/scale", "replicasets/scale", "statefulsets/scale")
_WORKLOADS = ("daemonsets", "deployments", "replicasets", "statefulsets", *_SCALES)
_STATUSES = ("daemonsets/status", "deployments/status", "replicasets/status", "statefulsets/status")
_JOBS = ("cronjobs", "jobs")


def _rule(verbs: tuple[str, ...], group: str, *resources: str) -> Map:
    return {"verbs": list(verbs), "apiGroups": [group], "resources": list(resources)}


def _paths(*paths: str) -> Map:
    return {"verbs": ["get"], "nonResourceURLs": list(paths)}


_VIEW = [
    _rule(_READ, "", "configmaps", "endpoints", "events", "namespaces", "namespaces/status", "pods"),
    _rule(_READ, "", "pods/log", "pods/status", "serviceaccounts", "services", "services/status"),
    _rule(_READ, "discovery.k8s.io", "endpointslices"),
    _rule(_READ, "apps", *_WORKLOADS, *_STATUSES),
    _rule(_READ, "batch", *_JOBS, "cronjobs/status", "jobs/status"),
]
_EDIT = [
    _rule(_READ, "", "secrets"),
    _rule(("impersonate",), "", "serviceaccounts"),
    _rule(_WRITE, "", "configmaps", "events", "pods", "secrets", "serviceaccounts", "services"),
    _rule(_WRITE, "apps", *_WORKLOADS),
    _rule(_WRITE, "batch", *_JOBS),
    _rule((*_READ, *_WRITE), "coordination.k8s.io", "leases"),
]
_ADMIN = [
    _rule(("create",), "authorization.k8s.io", "localsubjectaccessreviews"),
    _rule((*_READ, *_WRITE), API_GROUP, "roles", "rolebindings"),
]
_REVIEWS = ("selfsubjectaccessreviews", "selfsubjectrulesreviews")


def _role(name: str, rules: list[Map], **labels: str) -> Map:
    return {"metadata": _metadata(name, labels), "rules": rules}


def _aggregate(name: str, **labels: str) -> Map:
    selector = {"matchLabels": {_AGGREGATE + name: "true"}}
    rule = {"clusterRoleSelectors": [selector]}
    return {"metadata": _metadata(name, labels), "aggregationRule": rule, "rules": []}


def _metadata(name: str, labels: Map) -> Map:
    aggregated = {_AGGREGATE + key: value for key, value in labels.items()}
    return {"name": name, "labels": {**_LABELS, **aggregated}, "annotations": {_AUTOUPDATE: "true"}}


def _binding(name: str, *groups: str) -> Map:
    subjects = [{"kind": "Group", "apiGroup": API_GROUP, "name": group} for group in groups]
    role = {"kind": "ClusterRole", "apiGroup": API_GROUP, "name": name}
    return {"metadata": _metadata(name, {}), "subjects": subjects, "roleRef": role}


ROLES = (
    _role("cluster-admin", [_rule(("*",), "*", "*"), {"verbs": ["*"], "nonResourceURLs": ["*"]}]),
    _aggregate("admin"),
    _aggregate("edit", admin="true"),
    _aggregate("view", edit="true"),
    _role("system:aggregate-to-admin", _ADMIN, admin="true"),
    _role("system:aggregate-to-edit", _EDIT, edit="true"),
    _role("system:aggregate-to-view", _VIEW, view="true"),
    _role("system:discovery", [_paths(*_DISCOVERY, *_HEALTH)]),
    _role("system:public-info-viewer", [_paths(*_HEALTH)]),
    _role(
        "system:basic-user",
        [
            _rule(("create",), "authorization.k8s.io", *_REVIEWS),
            _rule(("create",), "authentication.k8s.io", "selfsubjectreviews"),
        ],
    ),
)
BINDINGS = (
    _binding("cluster-admin", MASTERS),
    _binding("system:discovery", AUTHENTICATED),
    _binding("system:basic-user", AUTHENTICATED),
    _binding("system:public-info-viewer", AUTHENTICATED, UNAUTHENTICATED),
)


def install(store: Store) -> None:
    """Put the default roles and bindings into the store, and mend those that are there."""
    for role in ROLES:
        _ensure(store, kinds.CLUSTER_ROLES, role, "rules")
    for binding in BINDINGS:
        _ensure(store, kinds.CLUSTER_ROLE_BINDINGS, binding, "subjects")


def _ensure(store: Store, resource: Resource, wanted: Map, member: str) -> None:
    found = store.get(resource, None, wanted["metadata"]["name"])
    if found is None:
        store.create(resource, wanted)
    elif (found["metadata"].get("annotations") or {}).get(_AUTOUPDATE) == "true":
        there = found.get(member) or []
        found[member] = [*there, *(each for each in wanted[member] if each not in there)]
        store.update(resource, found)
