"""Applies a plan: intent before the write, everything tried
first, then one conditional write after the other.

    may this person? -> claim the plan, row "started" -> is the cluster as planned for? -> dry run of all
    -> writes -> final state

Who may not do all of it claims nothing and leaves no row. Nothing is written unless all of it is still what
the plan was made for and the server accepts all of it. What happens half-way (a conflict, a refusal, a lost
answer) ends as "partial", with what was done and what was not.

The row says which process writes and when it last did: `routing.recovery` ends it when that process is gone.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from cluster import connection
from cluster.errors import AlreadyExists, ClusterError, Conflict, Forbidden, Invalid, NotFound, Unavailable
from cluster.identity import Ask
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import claiming, diff, live, planner, rules, scope, settling, stored, writing
from routing.errors import ConflictError, NotWrittenError
from routing.models import Change, ChangeState, Plan, PlanState
from routing.operations import LEAVING, Operation, settles_between
from routing.problems import ELSEWHERE, Problem
from routing.recovery import finish_interrupted, give_back
from routing.settling import Sleep

Clock = Callable[[], datetime]
_LOST = "Somebody changed what its routes and subsets refer to."
"""What is kept for all readers: the message names routes that not everybody may read."""


def apply(
    plan: Plan,
    by: User,
    person: PersonCluster,
    *,
    note: str = "",
    sleep: Sleep = time.sleep,
    now: Clock = timezone.now,
    just_made: bool = False,
    still: Callable[[], str] | None = None,
) -> Change:
    """Applies a plan once, as this person and in his cluster, which must be the plan's; returns its change.

    A plan that was applied already gives that change again. `just_made`: it was made this very moment, and
    is not made again to see whether it comes out the same; what it writes must be as it was in any case.
    `still` is asked right before each write: whatever it answers is why nothing more is to be written.

    Raises ConflictError when the cluster is not any more what the plan was made for, or the plan is not to be
    had; NotWrittenError when the cluster refuses or does not answer; what `require_rights` raises.
    """
    change = None
    if plan.state == PlanState.READY:
        require_rights(person, plan.operations)
        change = claiming.claim(plan, by, note or plan.note, now())
    if change is None:
        return _already(plan, now())
    application = _Application(plan, change, person, sleep, now)
    application.just_made, application.still = just_made, still
    return application.run()


def require_rights(person: PersonCluster, operations: Iterable[Mapping[str, Any]]) -> None:
    """Asks at this moment whether a person may do these kept operations. Raises what `require` does."""
    require(person, map(stored.ask, operations), "Nothing was written.")


def require(person: PersonCluster, asks: Iterable[Ask], so_far: str) -> None:
    """Asks at this moment whether a person may do all of this. `so_far`: what was done, for the refusal.

    Raises Forbidden for the first that he may not do; Unavailable when the cluster does not say.
    """
    for ask in dict.fromkeys(asks):
        try:
            allowed = person.may(ask)
        except ClusterError as error:
            raise Unavailable(f"{error.detail} {so_far}", status=error.status) from error
        if not allowed:
            # A right taken away seconds ago may still be remembered.
            reason = person.why_not(ask) or f"You may not {ask} any more."
            raise Forbidden(f"{reason} {so_far}", status=403)


class _Application:
    """One application of a plan, from the claim to the final state."""

    def __init__(self, plan: Plan, change: Change, person: PersonCluster, sleep: Sleep, now: Clock) -> None:
        self.plan = plan
        self.change = change
        self.person = person
        self.now = now
        self.operations = [stored.restore(kept) for kept in plan.operations]
        self.written: dict[Ref, Manifest | None] = {}
        self.just_made = False
        self.still: Callable[[], str] | None = None
        self.settling = settling.Settling(
            person,
            settings.ROUTING_SETTLE_SECONDS,
            settings.ROUTING_SETTLE_AT_MOST_SECONDS,
            sleep,
            time.monotonic,
        )

    def run(self) -> Change:
        try:
            current = self.as_planned()
            expected = self.dry_run(current)
        except ClusterError as error:
            self.refuse(error)
        for index in range(len(self.operations)):
            if index and settles_between(self.operations[index - 1], self.operations[index]):
                self.settle(index)
                self.look_again(index)
            self.hold()
            operation, found = self.as_it_stands(index, current[index])
            written = writing.attempt(self.person, operation, found, expected[index])
            self.note(index, written)
            if written.error is not None:
                self.stop(index, written.error, written.message)
        self.finish(ChangeState.APPLIED, PlanState.APPLIED, "")
        return self.change

    def settle(self, index: int) -> None:
        """Gives the proxies the time to learn of the phase before, and writes down how long that was."""
        leaving = self.operations[index].phase in LEAVING
        before = self.operations[index - 1].phase
        refs = [item.ref for item in self.operations[:index] if item.phase == before and item.after]
        waited = self.settling.wait(refs, drain=leaving)
        seconds = round(waited.seconds, 2)
        self.change.operations[index]["waited"] = {"seconds": seconds, "told": waited.told}

    def look_again(self, index: int) -> None:
        """Makes sure that nobody has begun to need what goes next, or taken what routes are to need, while
        the proxies were waited for. Ends the change otherwise. Raises ConflictError, NotWrittenError.
        """
        try:
            lost = self.lost(self.operations[index:])
        except ClusterError as error:
            self.stop(index, error, error.message)
        if lost:
            message = f"{lost} The rest was not written."
            done = any(entry["state"] == "done" for entry in self.change.operations)
            state = ChangeState.PARTIAL if done else ChangeState.CONFLICT
            self.finish(state, PlanState.STALE, f"{_LOST} The rest was not written.")
            raise ConflictError(message, [], self.change.pk)

    def lost(self, operations: list[Operation]) -> str:
        """Why a route would be without its subset after these writes; empty when none would. Who was told
        so by the preview has decided. Raises ClusterError.
        """
        if message := live.dangling(self.person, operations):
            return message
        told = any(problem["code"] == "SUBSET_MISSING" for problem in self.plan.problems)
        return "" if told else live.unmet(self.person, operations)

    def hold(self) -> None:
        """Makes sure that the change is still ours to write.

        Raises ConflictError when it was ended meanwhile: a process held up for minutes counts as gone.
        """
        ours = Change.objects.filter(pk=self.change.pk, state=ChangeState.STARTED)
        if ours.update(beat_at=self.now()):
            self.ask_still()
            return
        # Its record is whole, and what it was to take back may be somebody else's by now: nothing is touched.
        message = "The server was held up, and the change was ended meanwhile; the rest was not written."
        raise ConflictError(message, [], self.change.pk)

    def ask_still(self) -> None:
        """Ends the change where who asked for it does not want it any more. Raises ConflictError."""
        if self.still is None or not (reason := self.still()):
            return
        done = any(entry["state"] == "done" for entry in self.change.operations)
        message = f"{reason} {'The rest was not written.' if done else 'Nothing was written.'}"
        self.finish(ChangeState.PARTIAL if done else ChangeState.CONFLICT, PlanState.STALE, message)
        raise ConflictError(message, [], self.change.pk)

    def as_it_stands(self, index: int, found: Manifest | None) -> tuple[Operation, Manifest | None]:
        """An operation and its object, after what the operations before it have made of that object."""
        operation = self.operations[index]
        if operation.ref in self.written:
            found = self.written[operation.ref]
            operation = replace(operation, before=found)
        return operation, found

    def as_planned(self) -> list[Manifest | None]:
        """The objects as they stand, if they say what the plan was
        made for. Raises ConflictError, ClusterError.
        """
        first = _first_of_each(self.operations)
        found = {ref: live.get(self.person, ref) for ref in first}
        conflicts = [
            _conflict(operation, found[ref])
            for ref, operation in first.items()
            if writing.changed(operation, found[ref])
        ]
        if conflicts:
            self.conflict("Somebody changed it since the plan was made; nothing was written.", conflicts)
        if self.just_made:
            pass
        elif self.plan.rules:
            self.replanned()
        elif lost := self.lost(self.operations):
            self.conflict(f"{lost} Nothing was written.", [], kept=f"{_LOST} Nothing was written.")
        return [found[operation.ref] for operation in self.operations]

    def replanned(self) -> None:
        """Plans again on what is live: a new rival, a lost subset or another input shows only so."""
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
        changed = changed_inputs(self.plan, again, whole=seen.whole)
        if changed:
            message = "What the plan was made of has changed since"
            self.conflict(
                f"{message}: {', '.join(changed)}. Nothing was written.",
                [],
                state,
                f"{message}. Nothing was written.",
            )

    def kept(self, problem: Problem) -> str:
        """The message of a problem as it may be kept: whoever may see the change will read it."""
        if scope.pairs(self.plan.needs).issuperset(problem.needs):
            return problem.message
        return "The cluster changed so that these rules cannot be applied any more."

    def dry_run(self, current: list[Manifest | None]) -> list[Manifest | None]:
        """Has the server try every write before the first; returns what each would leave behind."""
        first = _first_of_each(self.operations)
        pairs = zip(self.operations, current, strict=True)
        # What an operation before it will have created can only be tried as a creation.
        tried = [(replace(item, before=None) if found is None else item, found) for item, found in pairs]
        return [
            writing.try_out(self.person, item, found, first[item.ref]) if item.after or found else None
            for item, found in tried
        ]

    def note(self, index: int, written: writing.Written) -> None:
        entry: dict[str, Any] = self.change.operations[index]
        entry.update(state=written.outcome, message=written.message)
        if written.outcome == "done":
            self.written[self.operations[index].ref] = written.manifest
            entry["after"] = stored.trimmed(written.manifest)
            following = (item for item in self.change.operations[index + 1 :] if _same_object(item, entry))
            if (later := next(following, None)) is not None:
                later["before"] = entry["after"]
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
        self.plan.state = plan_state
        # Together: a plan that counts as being applied, without a change that is, would do so for ever.
        with transaction.atomic():
            self.change.save(update_fields=["state", "message", "finished_at"])
            self.plan.save(update_fields=["state"])
            if state != ChangeState.APPLIED:
                give_back(self.change)


def is_stale(plan: Plan, person: PersonCluster) -> bool:
    """Whether anything that the plan was made of has changed since. Raises `cluster.errors.ClusterError`."""
    first = _first_of_each(map(stored.restore, plan.operations))
    if any(writing.changed(operation, live.get(person, ref)) for ref, operation in first.items()):
        return True
    if not plan.rules or not plan.inputs:
        return False
    wanted = rules.parse(plan.rules)
    seen = live.read(person, {rule.namespace for rule in wanted}, rules.kinds_read(wanted))
    return bool(changed_inputs(plan, planner.plan(wanted, seen), whole=seen.whole))


def changed_inputs(plan: Plan, again: planner.Plan, *, whole: bool) -> list[str]:
    """What a plan was made of and is not any more as it was, by name.

    `whole`: whoever planned again may read everything; else only what both could read is compared.
    """
    before, now = dict(plan.inputs), dict(again.inputs)
    if not before:
        return []  # made before they were written down
    names = before.keys() | now.keys() if whole else before.keys() & now.keys()
    return sorted(name for name in names if before.get(name) != now.get(name))


def _first_of_each(operations: Iterable[Operation]) -> dict[Ref, Operation]:
    """The first operation on each object: the one that starts from what is live."""
    found: dict[Ref, Operation] = {}
    for item in operations:
        found.setdefault(item.ref, item)
    return found


def _same_object(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(one["resource"] == other["resource"])


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


def _conflict(operation: Operation, found: Manifest | None) -> dict[str, Any]:
    return stored.conflict(operation.ref, operation.before, found, operation.after)


def _status(error: ClusterError) -> int:
    """The answer's status: what the cluster holds against the object is the caller's, the rest is not."""
    statuses: list[tuple[type[ClusterError], int]] = [(Invalid, 422), (Forbidden, 403), (NotFound, 404)]
    return next((status for kind, status in statuses if isinstance(error, kind)), 503)


def _fields(error: ClusterError) -> list[dict[str, str]]:
    causes = error.causes if isinstance(error, Invalid) else ()
    return [{"field": cause.field, "message": cause.message} for cause in causes]
