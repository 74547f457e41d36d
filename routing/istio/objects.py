"""Whole resources, written as they are given; what the server and kubectl keep for themselves stays. Pure."""

import copy

from cluster.refs import Manifest
from routing import diff
from routing.istio.errors import CannotApply
from routing.istio.hosts import name_of
from routing.rules import Object


def read_object(manifest: Manifest) -> Object:
    """The rule that says of a resource what it says of itself."""
    return Object(copy.deepcopy(diff.content(manifest)))


def set_object(live: Manifest | None, rule: Object) -> Manifest:
    """The resource with exactly the content of the rule; `live` is what stands there now.

    Raises CannotApply when the rule was made from another state of it.
    """
    _refuse_another_state(live, rule)
    after = copy.deepcopy(rule.manifest)
    if live is None:
        return after
    metadata = live["metadata"]
    after["metadata"] |= {key: metadata[key] for key in diff.NOISE if key in metadata}
    last_applied = (metadata.get("annotations") or {}).get(diff.LAST_APPLIED)
    if last_applied is not None:
        # By it kubectl knows which fields it may take away again.
        after["metadata"].setdefault("annotations", {})[diff.LAST_APPLIED] = last_applied
    return after


def _refuse_another_state(live: Manifest | None, rule: Object) -> None:
    if not rule.resource_version:
        return
    if live is None:
        message = f"{name_of(rule.manifest)} is not there any more; somebody deleted it since you read it."
    elif str(live["metadata"].get("resourceVersion", "")) != rule.resource_version:
        message = f"Somebody changed {name_of(rule.manifest)} since you read it; read it again."
    else:
        return
    raise CannotApply("CHANGED_SINCE", message, "manifest.metadata.resourceVersion")
