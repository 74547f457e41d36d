"""Reviews: may somebody do something, what may somebody do, and who is asking.

The answers come from the same access control that every request passes.
"""

from typing import Any

from localmesh.apiserver import kinds
from localmesh.apiserver.access.asks import Ask
from localmesh.apiserver.access.authorizer import Authorizer
from localmesh.apiserver.access.users import User
from localmesh.apiserver.errors import BadRequest, Cause, Invalid
from localmesh.apiserver.records import Object
from localmesh.apiserver.requests import Target


def review(authorizer: Authorizer, user: User, target: Target, value: Any, now: str) -> Object:
    """The answer to a user's review. Raises `BadRequest` and `Invalid` where the question is malformed."""
    resource = target.resource
    if not isinstance(value, dict) or not isinstance(value.get("spec") or {}, dict):
        raise BadRequest(f"the body must be a {resource.kind}")
    spec = value.get("spec") or {}
    metadata = value.get("metadata") or {}
    if target.namespace:
        metadata = {**metadata, "namespace": target.namespace}
    head = {"kind": resource.kind, "apiVersion": target.api_version, "metadata": metadata}
    if resource is kinds.SELF_SUBJECT_REVIEWS:
        return {
            **head,
            "metadata": {**metadata, "creationTimestamp": now},
            "status": {"userInfo": user.info()},
        }
    if resource is kinds.SELF_SUBJECT_RULES_REVIEWS:
        return {**head, "spec": {}, "status": _rules(authorizer, user, spec)}
    about = user if resource is kinds.SELF_SUBJECT_ACCESS_REVIEWS else _named(resource.group, spec)
    decision = authorizer.decide(about, _asked(target, spec))
    status: Object = {"allowed": decision.allowed}
    if decision.reason:
        status["reason"] = decision.reason
    return {**head, "spec": spec, "status": status}


def _rules(authorizer: Authorizer, user: User, spec: Object) -> Object:
    namespace = spec.get("namespace")
    if not namespace or not isinstance(namespace, str):
        raise BadRequest("no namespace on request")
    granted = authorizer.granted(user, namespace)
    status: Object = {
        "resourceRules": [rule.told() for rule in granted.rules if not rule.paths],
        "nonResourceRules": [rule.told() for rule in granted.rules if rule.paths],
        "incomplete": False,
    }
    if granted.problems:
        status["evaluationError"] = "; ".join(granted.problems)
    return status


def _named(group: str, spec: Object) -> User:
    """Whom a review is about, with no more groups than it names."""
    name, groups = spec.get("user") or "", spec.get("groups") or []
    if (
        not isinstance(name, str)
        or not isinstance(groups, list)
        or not all(isinstance(g, str) for g in groups)
    ):
        raise BadRequest("spec.user must be a text and spec.groups a list of texts")
    if not name and not groups:
        told = 'Invalid value: "": at least one of user or group must be specified'
        raise Invalid("", group, "", [Cause("spec.user", told)])
    return User(name, tuple(groups))


def _asked(target: Target, spec: Object) -> Ask:
    about, path = spec.get("resourceAttributes"), spec.get("nonResourceAttributes")
    group = target.resource.group
    if about is not None and path is not None:
        told = "Invalid value: cannot be specified in combination with resourceAttributes"
        raise Invalid("", group, "", [Cause("spec.nonResourceAttributes", told)])
    if path is not None:
        return Ask(_text(path, "verb"), path=_text(path, "path") or "/")
    if about is None:
        told = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be given"
        raise Invalid("", group, "", [Cause("spec.resourceAttributes", told)])
    namespace = _text(about, "namespace")
    if target.namespace and namespace != target.namespace:
        told = f'Invalid value: "{namespace}": must match metadata.namespace'
        raise Invalid("", group, "", [Cause("spec.resourceAttributes.namespace", told)])
    keys = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Ask(**{key: _text(about, key) for key in keys})


def _text(attributes: Any, key: str) -> str:
    value = attributes.get(key, "") if isinstance(attributes, dict) else None
    if not isinstance(value, str):
        raise BadRequest(f"the attribute {key} of a review must be a text")
    return value
