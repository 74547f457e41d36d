"""Reviews: may somebody do something, and who is asking.

The one token is the administrator's, so the answer is yes; what matters is that it has the form of
Kubernetes's.
"""

from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import BadRequest
from localmesh.apiserver.requests import Target
from localmesh.apiserver.store import Object

USER = "localmesh-admin"
GROUPS = ["system:masters", "system:authenticated"]
_WHY = "localmesh: the token is the administrator's"
_NEEDS_SPEC = (
    kinds.SELF_SUBJECT_ACCESS_REVIEWS,
    kinds.SUBJECT_ACCESS_REVIEWS,
    kinds.LOCAL_SUBJECT_ACCESS_REVIEWS,
)


def review(target: Target, value: Any, now: str) -> Object:
    """The answer to a review. Raises `BadRequest` where the question is malformed."""
    if not isinstance(value, dict) or not isinstance(value.get("spec", {}), dict):
        raise BadRequest(f"the body must be a {target.resource.kind}")
    spec = value.get("spec", {})
    if target.resource in _NEEDS_SPEC and not (
        spec.get("resourceAttributes") or spec.get("nonResourceAttributes")
    ):
        raise BadRequest("spec.resourceAttributes or spec.nonResourceAttributes must be set")
    metadata = {**(value.get("metadata") or {}), "creationTimestamp": now}
    head = {"kind": target.resource.kind, "apiVersion": target.api_version, "metadata": metadata}
    if target.resource is kinds.SELF_SUBJECT_REVIEWS:
        return {**head, "status": {"userInfo": {"username": USER, "groups": GROUPS}}}
    return {**head, "spec": spec, "status": _status(target)}


def _status(target: Target) -> Object:
    if target.resource is kinds.SELF_SUBJECT_RULES_REVIEWS:
        return {
            "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
            "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
            "incomplete": False,
        }
    return {"allowed": True, "reason": _WHY}
