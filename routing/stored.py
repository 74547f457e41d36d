"""Operations between their typed form, the JSON that is kept, and the JSON that is answered."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cluster import kinds
from cluster.identity import Ask
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import blast, diff, planner, problems, rules
from routing.models import Change, ChangeState, Plan
from routing.planner import Operation

Json = dict[str, Any]
_OPPOSITES: Final = {"create": "delete", "delete": "create", "update": "update"}


def resource(ref: Ref) -> Json:
    """A reference as JSON."""
    return {
        "kind": ref.kind.kind,
        "api_version": ref.kind.api_version,
        "namespace": ref.namespace,
        "name": ref.name,
    }


def keep(operation: Operation) -> Json:
    """An operation as it is kept, with whole manifests."""
    return {
        "action": operation.action,
        "resource": resource(operation.ref),
        "why": operation.why,
        "before": trimmed(operation.before),
        "after": trimmed(operation.after),
    }


def ref(named: Mapping[str, Any]) -> Ref:
    """The reference that `resource` wrote."""
    kind = kinds.of({"apiVersion": named["api_version"], "kind": named["kind"]})
    return Ref(kind, named["namespace"], named["name"])


def restore(kept: Mapping[str, Any]) -> Operation:
    """The operation that `keep` kept."""
    return Operation(kept["action"], ref(kept["resource"]), kept["why"], kept["before"], kept["after"])


def ask(kept: Mapping[str, Any]) -> Ask:
    """The right that a kept (or shown) operation takes."""
    about = ref(kept["resource"])
    # What is yet to be created cannot be named in a right.
    return Ask(kept["action"], about.kind, about.namespace, "" if kept["action"] == "create" else about.name)


def undoing(operations: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Of kept (or shown) operations those that were done, each as what takes it back, the last first."""
    done = [item for item in operations if item["state"] == "done"]
    return [{**item, "action": _OPPOSITES[item["action"]]} for item in reversed(done)]


def trimmed(manifest: Manifest | None) -> Manifest | None:
    """A manifest without the server's bookkeeping of fields and without its status."""
    if manifest is None:
        return None
    metadata = {key: value for key, value in manifest["metadata"].items() if key != "managedFields"}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def plan_view(plan: Plan, person: PersonCluster) -> Json:
    """A plan as the REST API answers it: what its maker could read, and this person may not, is left out."""
    places = person.readable
    readable = person.may_read({need for kept in plan.problems for need in problems.needed(kept)})
    return {
        "id": str(plan.pk),
        "hash": plan.hash,
        "created_at": plan.created_at,
        "created_by": plan.created_by.get_username(),
        "note": plan.note,
        "summary": plan.summary,
        "state": plan.state,
        "reverts": plan.reverts_id,
        "rules": plan.rules,
        "operations": [_planned(restore(kept)) for kept in plan.operations],
        "problems": [problems.shown(kept, readable) for kept in plan.problems],
        "blast_radius": blast.shown(plan.blast_radius, places),
    }


def draft_view(wanted: rules.Request, plan: planner.Plan, person: PersonCluster) -> Json:
    """A plan that is not kept, as the REST API answers it."""
    readable = person.may_read({need for problem in plan.problems for need in problem.needs})
    return {
        "hash": plan.hash,
        "rules": [rules.to_json(rule) for rule in wanted.rules],
        "operations": [_planned(operation) for operation in plan.operations],
        "problems": [problems.shown(problem.keep(), readable) for problem in plan.problems],
    }


def change_view(change: Change) -> Json:
    """A change as the REST API answers it."""
    return {
        "id": change.pk,
        "plan": str(change.plan_id),
        "kind": change.kind,
        "reverts": change.reverts_id,
        "reverted_by": reverted_by(change),
        "state": change.state,
        "by": change.by.get_username(),
        "at": change.at,
        "finished_at": change.finished_at,
        "note": change.note,
        "summary": change.summary,
        "namespace": change.namespace,
        "services": change.services,
        "operations": [_done(kept) for kept in change.operations],
        "message": change.message,
    }


def reverted_by(change: Change) -> int | None:
    """The change that took this one back, if one did."""
    reverts = change.reverted_by.all()
    return next((revert.pk for revert in reverts if revert.state == ChangeState.APPLIED), None)


def conflict(ref: Ref, base: Manifest | None, theirs: Manifest | None, yours: Manifest | None) -> Json:
    """A three-way difference: what both started from, what stands there now, what was to be written."""
    return {
        "resource": resource(ref),
        "base": diff.to_yaml(base),
        "theirs": diff.to_yaml(theirs),
        "yours": diff.to_yaml(yours),
        "theirs_diff": _json(diff.fields(base, theirs)),
        "yours_diff": _json(diff.fields(base, yours)),
    }


def _planned(operation: Operation) -> Json:
    return {
        "action": operation.action,
        "resource": resource(operation.ref),
        "why": operation.why,
        "diff": _json(operation.differences),
        "yaml_before": diff.to_yaml(operation.before),
        "yaml_after": diff.to_yaml(operation.after),
        "unified_diff": diff.unified(operation.before, operation.after, str(operation.ref)),
    }


def _done(kept: Mapping[str, Any]) -> Json:
    operation = restore(kept)
    return {
        "action": operation.action,
        "resource": resource(operation.ref),
        "why": operation.why,
        "diff": _json(operation.differences),
        "before": diff.content(operation.before) or None,
        "after": diff.content(operation.after) or None,
        "unified_diff": diff.unified(operation.before, operation.after, str(operation.ref)),
        "state": kept["state"],
        "message": kept["message"],
    }


def _json(differences: Iterable[diff.FieldDiff]) -> list[Json]:
    return [difference.to_json() for difference in differences]
