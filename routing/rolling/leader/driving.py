"""Drives the rollouts in hand, round after round: hears answers, obeys commands, looks when it is time.

Whatever comes of a step is saved first and done then. Everything here belongs to one thread; what takes time
is done by workers, whose answers it hears.
"""

import logging
import queue
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from django.db.utils import DatabaseError, InterfaceError, OperationalError

from routing.models import Rollout, RolloutCommand
from routing.rolling import commands, records
from routing.rolling.leader import logbook, saving
from routing.rolling.leader.jobs import Answer, Begun, Heard, Jobs, Looked, Wrote
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.logbook import Entry
from routing.rolling.leader.memory import Charge, Memory
from routing.rolling.leader.saving import Saving
from routing.rolling.leader.workers import Kind, Workers
from routing.rolling.ports import Sample
from routing.rolling.records import OccupiedError
from routing.rollouts import course, machine
from routing.rollouts.counting import soon, until_next_look
from routing.rollouts.inputs import (
    Action,
    Answered,
    Ask,
    Command,
    Input,
    Now,
    RefusedError,
    StaleEpochError,
    World,
    Write,
    Written,
)  # fmt: skip
from routing.rollouts.moves import Outcome
from routing.rollouts.states import BACKWARD

_AWAY: Final = (OperationalError, InterfaceError)
_MOST_TRIES: Final = 10
_COURSE_SECONDS: Final = 5.0
_BACK_SECONDS: Final = 2
"""Between two attempts to take the canary out: nobody waits for the next look."""
_EARLY: Final = 0.1
"""Seconds before its time at which a rollout is looked at: a tick may come a little too early."""
log = logging.getLogger(__name__)


class Driver:
    """All rollouts of one epoch. `round` raises StaleEpochError when it is over, and DatabaseError."""

    def __init__(self, jobs: Jobs, workers: Workers, leading: Leading, now: Callable[[], Now]) -> None:
        self._jobs, self._workers, self._leading, self._now = jobs, workers, leading, now
        self._memory = Memory(lambda: now().monotonic)
        self._unsaved: list[tuple[Charge, Saving]] = []
        self._epoch = 0
        self._lacks = False

    def leads(self, epoch: int) -> None:
        """A new epoch begins: nothing that is remembered counts any more."""
        if epoch == self._epoch:
            return
        self._memory.forget_all()
        self._unsaved.clear()
        for rollout, number in saving.unanswered() if epoch else ():
            charge = self._memory.take(rollout)
            if charge is not None:
                self._ask(charge, Ask(number, "after_end"))
        # Last: a database that does not answer now is asked for them again.
        self._epoch = epoch

    def round(self) -> None:
        """Everything that is to be done now."""
        self.hear()
        self._memory.refresh()
        self._tell_lack()
        self._obey()
        self.hear()
        while self._send_out():
            self.hear()

    def _tell_lack(self) -> None:
        """Says once in each log why nothing but the way back is done."""
        lack = self._leading.lacks
        if lack and not self._lacks:
            for charge in self._memory.charges():
                entry = Entry("status", "lease", f"{lack} Until it is, only the way back is open.")
                saving.note(self._epoch, charge.driven.row.pk, entry, self._now().wall)
        self._lacks = bool(lack)

    def hear(self) -> None:
        """Takes in what workers answered, until there is no more; what comes of it is saved, and done."""
        while True:
            try:
                answer = self._jobs.answers.get_nowait()
            except queue.Empty:
                self._save()
                if self._jobs.answers.empty():
                    return
                continue
            try:
                self._guarded(answer.rollout, partial(self._answered, answer))
            except _AWAY:
                # What cannot be kept now is taken in later.
                self._jobs.answers.put(answer)
                raise

    def _guarded(self, rollout: int, do: Callable[[], None]) -> None:
        """Does something about one rollout; an error in it is that one's only."""
        try:
            do()
        except (StaleEpochError, *_AWAY):
            raise
        except Exception as error:
            log.exception("rollout #%s could not be driven", rollout)
            self._fell_ill(rollout, error)

    def _fell_ill(self, rollout: int, error: Exception) -> None:
        """Has a rollout read again after a while, and says so in its log."""
        self._unsaved = [each for each in self._unsaved if each[1].row.pk != rollout]
        self._memory.sicken(rollout)
        words = f"The console met an error of its own, and tries again: {type(error).__name__}."
        saving.note(self._epoch, rollout, Entry("status", "error", words), self._now().wall)

    # Answers

    def _answered(self, answer: Answer) -> None:
        charge, result = self._memory.get(answer.rollout), answer.result
        if answer.kind == "write":
            self._memory.writing.discard(answer.rollout)
        elif answer.kind != "ask" and charge is not None:
            charge.busy = False
        if isinstance(result, Heard):
            self._gate(answer.rollout, charge, result)
        elif isinstance(result, Wrote):
            self._wrote(answer.rollout, charge, result)
        elif isinstance(result, Exception) and not isinstance(result, DatabaseError):
            raise result
        elif not isinstance(result, Begun | Looked):
            # Nobody knows what was done: what stands is looked up.
            self._memory.forget(answer.rollout)
        elif charge is not None and answer.number == charge.number:
            self._looked(charge, result) if isinstance(result, Looked) else self._begun(charge, result)

    def _begun(self, charge: Charge, begun: Begun) -> None:
        charge.begun, charge.doubtful = True, not begun.fenced
        driven = charge.driven
        outcome = machine.resumed(driven.state, driven.spec, begun.world, self._now(), self._epoch)
        late = self._memory.late.pop(driven.row.pk, None)
        known = late is not None and late.done.result == "done" and outcome[0].written == late.write.intent
        entries = (logbook.wrote(late.write, late.done),) if late is not None and known else ()
        self._keep(charge, outcome, reading=begun.reading, log=entries)

    def _looked(self, charge: Charge, looked: Looked) -> None:
        if charge.doubtful and self._settled(charge, looked.begun):
            return
        driven, seen = charge.driven, looked.observed
        outcome = machine.step(driven.state, driven.spec, seen)
        weight = max(0, outcome[0].wanted.weight)
        charge.course = course.added(charge.course, seen.now.wall, weight, looked.sample)
        wait = until_next_look(outcome[0], driven.spec)
        charge.due = seen.now.monotonic + (min(_BACK_SECONDS, wait) if outcome[0].backward else wait)
        self._keep(charge, outcome, reading=looked.begun.reading, sample=looked.sample)

    def _settled(self, charge: Charge, begun: Begun) -> bool:
        """Whether a look was needed to find out about a write in doubt; commands that waited for it are done
        now, before the machine would write again.
        """
        intent, before = charge.driven.state.intent, charge.number
        charge.doubtful = not begun.fenced
        if intent is not None and begun.world.standing == intent.rule:
            written = Written(intent.id, "done", self._now(), self._epoch)
            self._step(charge, written, reading=begun.reading)
        self._obey(charge.driven.row.pk, settled=True)
        return charge.number != before

    def _wrote(self, rollout: int, charge: Charge | None, wrote: Wrote) -> None:
        done, now, entry = wrote.done, self._now(), logbook.wrote(wrote.write, wrote.done)
        if charge is None or not charge.begun:
            # What stands is looked up anyway; the log is to tell which change it was.
            self._memory.late[rollout] = wrote
            return
        written = Written(wrote.write.intent, done.result, now, self._epoch, done.words)
        # The same answer again and again is told once.
        entries = (entry,) if done.result == "done" or entry.words != charge.said else ()
        interval = charge.driven.spec.interval_seconds
        # What was refused says nothing of what was in doubt before.
        charge.doubtful = done.result == "unknown" or (charge.doubtful and done.result == "refused")
        charge.said, charge.tries = entry.words, 0 if done.result == "done" else charge.tries + 1
        if done.result == "done":
            weight = max(0, wrote.write.rule.weight)
            stands = Sample(configured=weight / 100)
            charge.course = course.added(charge.course, now.wall, weight, stands, looks=0)
        longest = min(_BACK_SECONDS, interval) if wrote.write.kind in BACKWARD else interval
        again = min(2 ** min(charge.tries - 1, _MOST_TRIES), longest)
        charge.due = now.monotonic + (again if charge.tries else soon(charge.driven.spec))
        self._step(charge, written, reading=wrote.reading, log=entries)

    def _gate(self, rollout: int, charge: Charge | None, heard: Heard) -> None:
        entry = logbook.answered(heard.ask, passed=heard.passed, words=heard.words)
        gate = charge.driven.state.gate if charge is not None and charge.begun else None
        if charge is not None and gate is not None and gate.id == heard.ask.id:
            answered = Answered(heard.ask.id, heard.passed, self._now(), self._epoch, heard.words)
            if heard.passed:
                charge.due = self._now().monotonic
            # The same refusal at look after look is told once.
            entries = (entry,) if heard.passed or entry.words != charge.heard else ()
            charge.heard = "" if heard.passed else entry.words
            self._step(charge, answered, log=entries)
        elif heard.ask.stage == "after_end":
            saving.note(self._epoch, rollout, entry, self._now().wall)

    # Commands

    def _obey(self, rollout: int | None = None, *, settled: bool = False) -> None:
        """Does what people want, of one rollout or of all; what cannot be done now waits."""
        for command in commands.pending(rollout):
            self._guarded(command.rollout_id, partial(self._command, command, settled=settled))

    def _command(self, command: RolloutCommand, *, settled: bool) -> None:
        charge = self._memory.take(command.rollout_id)
        if charge is None or command.rollout_id in self._memory.writing:
            return
        if not charge.begun and charge.driven.state.ended:
            self._begun(charge, Begun(World(), fenced=True, reading=None))
        if not charge.begun:
            return
        if charge.doubtful and not settled:
            charge.due = self._now().monotonic
            return
        self._commanded(charge, command)

    def _commanded(self, charge: Charge, command: RolloutCommand) -> None:
        driven = charge.driven
        asked = Command(command.name, self._now(), self._epoch, command.by.get_username(), command.weight)
        try:
            if command.name == "retry" and driven.state.ended:
                self._require_free(driven.row)
            outcome = machine.step(driven.state, driven.spec, asked)
        except (RefusedError, OccupiedError) as refused:
            entry = logbook.commanded(command, str(refused))
            self._keep(charge, (driven.state, ()), log=(entry,), command=command, refusal=str(refused))
            return
        charge.due = self._now().monotonic
        self._keep(charge, outcome, log=(logbook.commanded(command),), command=command)

    @staticmethod
    def _require_free(row: Rollout) -> None:
        """Raises OccupiedError."""
        if (other := records.occupant(row.cluster, row.namespace, row.service)) is not None:
            raise OccupiedError(other)

    # What comes of it

    def _step(self, charge: Charge, heard: Input, **more: Any) -> None:
        driven = charge.driven
        self._keep(charge, machine.step(driven.state, driven.spec, heard), **more)

    def _keep(
        self,
        charge: Charge,
        outcome: Outcome,
        *,
        log: tuple[Entry, ...] = (),
        reading: float | None = None,
        sample: Sample | None = None,
        command: RolloutCommand | None = None,
        refusal: str = "",
    ) -> None:
        """Has an outcome saved: at once if something is to be done then, else with others of this round."""
        (state, actions), driven, wall = outcome, charge.driven, self._now().wall
        entries = [*log, *logbook.decided(actions, state, charge.noted)]
        if not any(entry.kind == "write" for entry in log):
            entries = [*logbook.found(driven.state, state), *entries]
        landed = state.written != driven.state.written
        course_now = self._course(charge, outcome)
        found = Saving(
            row=driven.row, spec=driven.spec, state=state, actions=actions, at=wall, log=tuple(entries),
            sample=sample, course=course_now, counted_from=(reading or wall) if landed else None,
            command=command, refusal=refusal,
        )  # fmt: skip
        if charge.alone:
            self._save()
        charge.driven = replace(driven, state=state)
        charge.number = self._memory.next_number()
        self._unsaved.append((charge, found))
        if charge.alone or command is not None or any(isinstance(each, Write | Ask) for each in actions):
            self._save()

    def _course(self, charge: Charge, outcome: Outcome) -> dict[str, Any] | None:
        """The course, if it is to be saved: it is long, so not at every look where they follow fast."""
        now, (state, actions) = self._now().monotonic, outcome
        if now < charge.course_due and not actions and not state.ended:
            return None
        charge.course_due = now + _COURSE_SECONDS
        return charge.course

    def _save(self) -> None:
        """Saves what came of this round so far, and does then what is to be done."""
        batch, self._unsaved = self._unsaved, []
        if not batch:
            return
        try:
            lost = saving.save(self._epoch, [each for _, each in batch])
        except Exception as error:
            for charge, _ in batch:
                self._memory.forget(charge.driven.row.pk)
            if isinstance(error, (StaleEpochError, *_AWAY)):
                raise
            self._not_saved([charge for charge, _ in batch], error)
            return
        for charge, each in batch:
            if each in lost:
                self._memory.forget(each.row.pk)
            else:
                self._do(charge, each.actions)

    def _not_saved(self, charges: list[Charge], error: Exception) -> None:
        """One of them cannot be kept: from now on each is saved alone, and that one is left alone a while."""
        log.error("rollouts could not be saved", exc_info=error)
        for charge in charges:
            self._memory.suspect(charge.driven.row.pk)
        if len(charges) == 1:
            self._fell_ill(charges[0].driven.row.pk, error)

    def _do(self, charge: Charge, actions: tuple[Action, ...]) -> None:
        for action in actions:
            if isinstance(action, Write):
                self._write(charge, action)
            elif isinstance(action, Ask):
                self._ask(charge, action)

    def _write(self, charge: Charge, write: Write) -> None:
        row = charge.driven.row
        charge.noted = write.intent
        self._memory.writing.add(row.pk)
        kind: Kind = "back" if write.kind in BACKWARD else "forward"
        job = self._jobs.write(charge.driven, write, self._epoch, charge.number, fences=charge.doubtful)
        self._workers.submit(kind, row.cluster, job)

    def _ask(self, charge: Charge, ask: Ask) -> None:
        job = self._jobs.ask(charge.driven, ask, charge.number)
        self._workers.submit("ask", charge.driven.row.cluster, job)

    def _send_out(self) -> int:
        """Has those looked at whose time it is; how many that are."""
        now, sent = self._now().monotonic + _EARLY, 0
        for charge in self._memory.charges():
            row, state = charge.driven.row, charge.driven.state
            if charge.busy or charge.due > now or state.ended or row.pk in self._memory.writing:
                continue
            charge.busy = True
            if charge.begun:
                fences = charge.doubtful and state.intent is not None
                job = self._jobs.look(charge.driven, self._epoch, charge.number, fences=fences)
            else:
                job = self._jobs.begin(charge.driven, self._epoch, charge.number)
            self._workers.submit("look", row.cluster, job)
            sent += 1
        return sent
