"""Applies a plan: intent before the write, everything tried
first, then one conditional write after the other.

    may this person? -> claim the plan, row "started" -> is the cluster as planned for? -> dry run of all
    -> writes -> final state

Who may not do all of it claims nothing and leaves no row. Nothing is written unless all of it is still what
the plan was made for and the server accepts all of it. What happens half-way (a conflict, a refusal, a lost
answer) ends as "partial", with what was done and what was not.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cluster import connection
from cluster.errors import AlreadyExists, ClusterError, Conflict, Forbidden, Invalid, NotFound, Unavailable
from cluster.person import PersonCluster
from cluster.refs import Manifest
from routing import diff, live, planner, rules, scope, stored, writing
from routing.errors import ConflictError, NotWrittenError
from routing.models import Change, ChangeState, Plan, PlanState
from routing.planner import Operation
from routing.problems import ELSEWHERE, Problem
from routing.recovery import finish_interrupted

Sleep = Callable[[float], None]
Clock = Callable[[], datetime]


def apply(
    plan: Plan,
    by: User,
    person: PersonCluster,
    *,
    note: str = "",
    sleep: Sleep = time.sleep,
    now: Clock = timezone.now,
) -> Change:
    """Applies a plan once, as this person and in his cluster, which must be the plan's; returns its change.

    A plan that was applied already gives that change again.

    Raises ConflictError when the cluster is not any more what the plan was made for, or the plan is not to be
    had; NotWrittenError when the cluster refuses or does not answer; what `require_rights` raises.
    """
    change = None
    if plan.state == PlanState.READY:
        require_rights(person, plan.operations)
        change = _claim(plan, by, note or plan.note, now())
    if change is None:
        return _already(plan, now())
    return _Application(plan, change, person, sleep, now).run()


def require_rights(person: PersonCluster, operations: Iterable[Mapping[str, Any]]) -> None:
    """Asks at this moment whether a person may do each of these kept operations.

    Raises Forbidden for one that he may not do; Unavailable when the cluster does not say.
    """
    for ask in map(stored.ask, operations):
        try:
            allowed = person.may(ask)
        except ClusterError as error:
            raise Unavailable(f"{error.detail} Nothing was written.", status=error.status) from error
        if not allowed:
            # A right taken away seconds ago may still be remembered.
            reason = person.why_not(ask) or f"You may not {ask} any more."
            raise Forbidden(f"{reason} Nothing was written.", status=403)


class _Application:
    """One application of a plan, from the claim to the final state."""

    def __init__(self, plan: Plan, change: Change, person: PersonCluster, sleep: Sleep, now: Clock) -> None:
        self.plan = plan
        self.change = change
        self.person = person
        self.sleep = sleep
        self.now = now
        self.operations = [stored.restore(kept) for kept in plan.operations]

    def run(self) -> Change:
        try:
            current = self.as_planned()
            expected = self.dry_run(current)
        except ClusterError as error:
            self.refuse(error)
        for index, operation in enumerate(self.operations):
            if index and planner.settles_between(self.operations[index - 1], operation):
                self.sleep(settings.ROUTING_SETTLE_SECONDS)
            written = writing.attempt(self.person, operation, current[index], expected[index])
            self.note(index, written)
            if written.error is not None:
                self.stop(index, written.error, written.message)
        self.finish(ChangeState.APPLIED, PlanState.APPLIED, "")
        return self.change

    def as_planned(self) -> list[Manifest | None]:
        """The objects as they stand, if they say what the plan was
        made for. Raises ConflictError, ClusterError.
        """
        current = [live.get(self.person, operation.ref) for operation in self.operations]
        pairs = zip(self.operations, current, strict=True)
        conflicts = [
            _conflict(operation, found) for operation, found in pairs if writing.changed(operation, found)
        ]
        if conflicts:
            self.conflict("Somebody changed it since the plan was made; nothing was written.", conflicts)
        if self.plan.rules:
            self.replanned()
        return current

    def replanned(self) -> None:
        """Plans again on what is live: a new rival or a lost subset shows only so."""
        wanted = rules.parse(self.plan.rules)
        seen = live.read(self.person, {rule.namespace for rule in wanted}, rules.kinds_read(wanted))
        again = planner.plan(wanted, seen)
        # Who may not read everything may himself be why it comes out otherwise: for others the plan stays.
        state, before = (PlanState.STALE, "") if seen.whole else (PlanState.READY, "By what you may read: ")
        if again.errors:
            told, kept = again.errors[0].message, self.kept(again.errors[0])
            self.conflict(f"{before}{told} Nothing was written.", [], state, f"{kept} Nothing was written.")
        unseen = "" if seen.whole else live.dangling(self.person, again.operations)
        if unseen:
            self.conflict(f"{unseen} Nothing was written.", [], state, f"{ELSEWHERE} Nothing was written.")
        mine = [(item.ref, diff.content(item.after)) for item in self.operations]
        if mine != [(item.ref, diff.content(item.after)) for item in again.operations]:
            message = "The cluster changed so that these rules now need other writes; nothing was written."
            if not seen.whole:
                message = "By what you may read, these rules need other writes; nothing was written."
            self.conflict(message, [], state)

    def kept(self, problem: Problem) -> str:
        """The message of a problem as it may be kept: whoever may see the change will read it."""
        if scope.pairs(self.plan.needs).issuperset(problem.needs):
            return problem.message
        return "The cluster changed so that these rules cannot be applied any more."

    def dry_run(self, current: list[Manifest | None]) -> list[Manifest | None]:
        """Has the server try every write before the first; returns what each would leave behind."""
        pairs = zip(self.operations, current, strict=True)
        return [writing.write(self.person, operation, found, dry_run=True) for operation, found in pairs]

    def note(self, index: int, written: writing.Written) -> None:
        entry: dict[str, Any] = self.change.operations[index]
        entry.update(state=written.outcome, message=written.message)
        if written.outcome == "done":
            entry["after"] = stored.trimmed(written.manifest)
        self.change.save(update_fields=["operations"])

    def stop(self, index: int, error: ClusterError, message: str) -> NoReturn:
        """Ends after a write that failed. Raises."""
        done = any(entry["state"] == "done" for entry in self.change.operations)
        how_far = "Some of it was written; see which." if done else "Nothing was written."
        whole = f"{message} {how_far}"
        if isinstance(error, Conflict | AlreadyExists | NotFound):
            state = ChangeState.PARTIAL if done else ChangeState.CONFLICT
            self.finish(state, PlanState.STALE, whole)
            raise ConflictError(whole, [self.half_way(self.operations[index])], self.change.pk)
        self.finish(ChangeState.PARTIAL if done else ChangeState.FAILED, PlanState.FAILED, whole)
        raise NotWrittenError(whole, _status(error), self.change.pk, _fields(error))

    def half_way(self, operation: Operation) -> dict[str, Any]:
        """The conflict that a write met after all checks had passed."""
        try:
            found = live.get(self.person, operation.ref)
        except ClusterError:
            found = operation.before
        return _conflict(operation, found)

    def refuse(self, error: ClusterError) -> NoReturn:
        """Ends before the first write. Raises."""
        message = f"{error.message} Nothing was written."
        if isinstance(error, Conflict | AlreadyExists):
            self.conflict(message, [])
        # What the cluster may accept later can be tried again with the same plan.
        retry = not isinstance(error, Invalid | NotFound)
        self.finish(ChangeState.FAILED, PlanState.READY if retry else PlanState.FAILED, message)
        raise NotWrittenError(message, _status(error), self.change.pk, _fields(error))

    def conflict(
        self,
        message: str,
        conflicts: list[dict[str, Any]],
        plan_state: PlanState = PlanState.STALE,
        kept: str = "",
    ) -> NoReturn:
        """Ends before the first write. `kept` is what the row says instead of `message`. Raises."""
        self.finish(ChangeState.CONFLICT, plan_state, kept or message)
        raise ConflictError(message, conflicts, self.change.pk)

    def finish(self, state: ChangeState, plan_state: PlanState, message: str) -> None:
        self.change.state, self.change.message, self.change.finished_at = state, message, self.now()
        self.change.save(update_fields=["state", "message", "finished_at"])
        self.plan.state = plan_state
        self.plan.save(update_fields=["state"])


def is_stale(plan: Plan, person: PersonCluster) -> bool:
    """Whether an object that the plan is about has changed since. Raises `cluster.errors.ClusterError`."""
    operations = map(stored.restore, plan.operations)
    return any(writing.changed(operation, live.get(person, operation.ref)) for operation in operations)


def _already(plan: Plan, now: datetime) -> Change:
    """What to answer for a plan that cannot be claimed."""
    plan.refresh_from_db()
    if plan.state == PlanState.APPLYING:
        # What became of it is looked up by the console itself, whoever asks.
        finish_interrupted(plan.cluster, connection.get(plan.cluster).cluster, now, plan=plan)
        plan.refresh_from_db()
    if plan.state == PlanState.APPLIED:
        return plan.changes.get(state=ChangeState.APPLIED)
    if plan.state == PlanState.APPLYING:
        raise ConflictError("This plan is being applied right now.")
    raise ConflictError("This plan can no longer be applied; make a new one.")


def _claim(plan: Plan, by: User, note: str, at: datetime) -> Change | None:
    """The change of a plan that is ours to apply; None when somebody else's is."""
    # One transaction: a claim without the row that tells of it would be lost with the process.
    with transaction.atomic():
        ready = Plan.objects.filter(pk=plan.pk, state=PlanState.READY)
        return _start(plan, by, note, at) if ready.update(state=PlanState.APPLYING) else None


def _start(plan: Plan, by: User, note: str, at: datetime) -> Change:
    untouched = {"state": "not_done", "message": ""}
    about = sorted({f"{rule['namespace']}/{rule['service']}" for rule in plan.rules if rule.get("service")})
    if plan.reverts is not None:
        about = plan.reverts.services
    return Change.objects.create(
        cluster=plan.cluster,
        needs=plan.needs,
        plan=plan,
        kind="revert" if plan.reverts else "apply",
        reverts=plan.reverts,
        by=by,
        at=at,
        note=note,
        summary=plan.summary,
        namespace=_namespace(about, plan.operations),
        services=about,
        operations=[{**kept, **untouched} for kept in plan.operations],
    )


def _namespace(about: Sequence[str], operations: Sequence[Mapping[str, Any]]) -> str:
    """Where a change is: at its first service, else at the first object that it writes."""
    if about:
        return about[0].partition("/")[0]
    return str(operations[0]["resource"]["namespace"]) if operations else ""


def _conflict(operation: Operation, found: Manifest | None) -> dict[str, Any]:
    return stored.conflict(operation.ref, operation.before, found, operation.after)


def _status(error: ClusterError) -> int:
    """The answer's status: what the cluster holds against the object is the caller's, the rest is not."""
    statuses: list[tuple[type[ClusterError], int]] = [(Invalid, 422), (Forbidden, 403), (NotFound, 404)]
    return next((status for kind, status in statuses if isinstance(error, kind)), 503)


def _fields(error: ClusterError) -> list[dict[str, str]]:
    causes = error.causes if isinstance(error, Invalid) else ()
    return [{"field": cause.field, "message": cause.message} for cause in causes]
