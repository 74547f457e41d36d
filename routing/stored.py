"""Operations between their typed form, the JSON that is kept, and the JSON that is answered."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.conf import settings

from cluster import kinds
from cluster.identity import Ask
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import blast, diff, patches, planner, problems, rules
from routing.models import Change, ChangeState, Plan
from routing.operations import LEAVING, Operation, natural_phase, settles_between

Json = dict[str, Any]
LINKED: Final = ("reverted_by", "reverted_with", "finished_by", "reverts_also")
"""The other changes that a view of one names, to be read with it."""
_UNDOING: Final = {
    (True, True): "update",
    (False, True): "delete",
    (True, False): "create",
    (False, False): "",
}
"""What takes operations back, by whether the object was there before the first and after the last."""


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
        "phase": operation.phase,
    }


def ref(named: Mapping[str, Any]) -> Ref:
    """The reference that `resource` wrote."""
    kind = kinds.of({"apiVersion": named["api_version"], "kind": named["kind"]})
    return Ref(kind, named["namespace"], named["name"])


def restore(kept: Mapping[str, Any]) -> Operation:
    """The operation that `keep` kept."""
    about = ref(kept["resource"])
    phase = kept.get("phase", natural_phase(about, kept["after"]))  # kept before there were several
    return Operation(kept["action"], about, kept["why"], kept["before"], kept["after"], phase)


def ask(kept: Mapping[str, Any]) -> Ask:
    """The right that a kept (or shown) operation takes."""
    about = ref(kept["resource"])
    # What is yet to be created cannot be named in a right.
    return Ask(kept["action"], about.kind, about.namespace, "" if kept["action"] == "create" else about.name)


def undoing(operations: Iterable[Mapping[str, Any]]) -> list[Json]:
    """What takes back those kept (or shown) operations that were done: one a resource, the last first."""
    chains: dict[Ref, list[Mapping[str, Any]]] = {}
    for item in operations:
        if item["state"] == "done":
            chains.setdefault(ref(item["resource"]), []).append(item)
    found = []
    for chain in reversed(chains.values()):
        action = _UNDOING[chain[0]["action"] != "create", chain[-1]["action"] != "delete"]
        found += [{**chain[-1], "action": action}] if action else []
    return found


def touches(operations: Iterable[Mapping[str, Any]]) -> str:
    """The resources of kept operations as one text, to find the changes of one by `touch`."""
    return "".join(dict.fromkeys(touch(ref(item["resource"])) for item in operations))


def touch(about: Ref) -> str:
    """What `touches` says of one resource."""
    return f" {about.kind.kind}.{about.kind.group}/{about.namespace}/{about.name} "


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
        "reverts_all": _all_reverted(plan),
        "finishes": plan.finishes_id,
        "rules": plan.rules,
        "operations": planned_view([restore(kept) for kept in plan.operations]),
        "problems": [problems.shown(kept, readable) for kept in plan.problems],
        "blast_radius": blast.shown(plan.blast_radius, places),
    }


def draft_view(wanted: rules.Request, plan: planner.Plan, person: PersonCluster) -> Json:
    """A plan that is not kept, as the REST API answers it."""
    readable = person.may_read({need for problem in plan.problems for need in problem.needs})
    return {
        "hash": plan.hash,
        "rules": [rules.to_json(rule) for rule in wanted.rules],
        "operations": planned_view(plan.operations),
        "problems": [problems.shown(problem.keep(), readable) for problem in plan.problems],
    }


def change_view(change: Change) -> Json:
    """A change as the REST API answers it."""
    return {
        "id": change.pk,
        "plan": str(change.plan_id),
        "kind": change.kind,
        "reverts": change.reverts_id,
        "reverts_all": _all_reverted(change),
        "reverted_by": reverted_by(change),
        "finishes": change.finishes_id,
        "finished_by": finished_by(change),
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
    reverts = [*change.reverted_by.all(), *change.reverted_with.all()]
    return next((revert.pk for revert in reverts if revert.state == ChangeState.APPLIED), None)


def finished_by(change: Change) -> int | None:
    """The change that wrote the rest of this one, if one did."""
    finishes = change.finished_by.all()
    return next((each.pk for each in finishes if each.state == ChangeState.APPLIED), None)


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


def _all_reverted(row: Plan | Change) -> list[int]:
    """The changes that a row takes back, the newest first."""
    also = (change.pk for change in row.reverts_also.all())
    return [row.reverts_id, *sorted(also, reverse=True)] if row.reverts_id is not None else []


def planned_view(operations: Sequence[Operation]) -> list[Json]:
    """Operations of a plan as the REST API answers them, with the wait before each."""
    pairs = zip([None, *operations], operations, strict=False)
    return [
        {**_planned(item), "wait": _wait(item) if before and settles_between(before, item) else None}
        for before, item in pairs
    ]


def _wait(operation: Operation) -> Json:
    """What is waited for before an operation, in seconds: `delay_seconds` where nobody tells."""
    delay, most = settings.ROUTING_SETTLE_SECONDS, settings.ROUTING_SETTLE_AT_MOST_SECONDS
    least = delay if operation.phase in LEAVING else 0.0
    return {"least_seconds": least, "delay_seconds": delay, "at_most_seconds": max(delay, most)}


def _planned(operation: Operation) -> Json:
    return {
        "action": operation.action,
        "resource": resource(operation.ref),
        "why": operation.why,
        "diff": _json(operation.differences),
        "yaml_before": diff.to_yaml(operation.before),
        "yaml_after": diff.to_yaml(operation.after),
        "unified_diff": diff.unified(operation.before, operation.after, str(operation.ref)),
        "patch": patches.of(operation),
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
        "patch": patches.of(operation),
        "state": kept["state"],
        "message": kept["message"],
        "waited": kept.get("waited"),
    }


def _json(differences: Iterable[diff.FieldDiff]) -> list[Json]:
    return [difference.to_json() for difference in differences]


def about(rules: Iterable[Mapping[str, Any]]) -> list[str]:
    """The services (`namespace/name`) that kept rules are about; a gateway_route wraps the rule that names
    it.
    """
    said = (rule.get("rule") or rule for rule in rules)
    return sorted({f"{each['namespace']}/{each['service']}" for each in said if each.get("service")})
