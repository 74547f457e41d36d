"""RBAC for the console's own account, as deploy/ has it, and for people."""

from pathlib import Path

import yaml

from tests.console import ROOT

RBAC = "/apis/rbac.authorization.k8s.io/v1"
_PLURALS = {
    "Namespace": "/api/v1/namespaces",
    "ServiceAccount": "/api/v1/namespaces/{namespace}/serviceaccounts",
    "ClusterRole": f"{RBAC}/clusterroles",
    "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    "Role": f"{RBAC}/namespaces/{{namespace}}/roles",
    "RoleBinding": f"{RBAC}/namespaces/{{namespace}}/rolebindings",
}
READER = [
    {"apiGroups": [""], "resources": ["services", "pods"], "verbs": ["get", "list"]},
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list"]},
    {
        "apiGroups": ["networking.istio.io"],
        "resources": ["virtualservices", "destinationrules"],
        "verbs": ["get", "list"],
    },
]
WRITER = [
    *READER,
    {
        "apiGroups": ["networking.istio.io"],
        "resources": ["virtualservices", "destinationrules"],
        "verbs": ["create", "update", "delete"],
    },
]


def apply(server, file):
    """What `kubectl apply -f deploy/<file>` makes; what is there stays."""
    for manifest in yaml.safe_load_all((ROOT / "deploy" / file).read_text()):
        place = _PLURALS[manifest["kind"]].format(**manifest["metadata"])
        status, answer = server.admin.request("POST", place, manifest)
        assert status in (201, 409), answer


def withdraw(server, file):
    """Takes the bindings of a file back."""
    for manifest in yaml.safe_load_all((ROOT / "deploy" / file).read_text()):
        server.admin.must("DELETE", f"{_PLURALS[manifest['kind']]}/{manifest['metadata']['name']}")


def kubeconfig(server, path: Path) -> str:
    """A kubeconfig of the console's own service account."""
    request = {"spec": {"expirationSeconds": 3600}}
    made = server.admin.must("POST", "/api/v1/namespaces/meshui/serviceaccounts/meshui/token", request)
    return server.kubeconfig(path, token=made["status"]["token"])


def grant(server, namespace, user, rules):
    """A Role in a namespace for one user."""
    _bind(server, f"{RBAC}/namespaces/{namespace}/", "Role", rules, kind="User", name=user)


def revoke(server, namespace, user):
    """Takes the Role of `grant` back."""
    server.admin.must("DELETE", f"{RBAC}/namespaces/{namespace}/rolebindings/{user}")


def grant_everywhere(server, group, rules):
    """A ClusterRole for one group."""
    _bind(server, f"{RBAC}/", "ClusterRole", rules, kind="Group", name=group)


def _bind(server, place, role, rules, **subject):
    """A role and its binding, both by the subject's name."""
    group, metadata = "rbac.authorization.k8s.io", {"name": subject["name"]}
    server.admin.must("POST", f"{place}{role.lower()}s", {"metadata": metadata, "rules": rules})
    binding = {
        "metadata": metadata,
        "subjects": [{"apiGroup": group, **subject}],
        "roleRef": {"apiGroup": group, "kind": role, "name": subject["name"]},
    }
    server.admin.must("POST", f"{place}{role.lower()}bindings", binding)
