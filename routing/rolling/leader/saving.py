"""Keeps what came of a step: state, log, cards, messages and the command that was done, together or not at
all, and only while the leader's epoch is the one that counts.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.db import transaction

from routing.models import Rollout, RolloutCommand, RolloutEvent, RolloutMessage
from routing.rolling import records
from routing.rolling.hooks import telling
from routing.rolling.leader import leading
from routing.rolling.leader.logbook import Entry
from routing.rolling.ports import Sample
from routing.rollouts import states
from routing.rollouts.inputs import Action, Notify
from routing.rollouts.spec import Spec
from routing.rollouts.states import State

Json = dict[str, Any]
_COLUMNS: Final = (
    "state", "status", "step", "weight", "why", "configured_share", "observed_share", "share", "counted_from",
    "epoch", "version", "started_at", "finished_at", "occupies",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saving:
    """What is to be kept of one step. `row` is brought up to it, too. `at` in epoch seconds.

    `sample` and `course` are of a look, `counted_from` of a write that landed; None: as before.
    `command` was done, or refused for the reason `refusal`.
    """

    row: Rollout
    spec: Spec
    state: State
    actions: tuple[Action, ...]
    at: float
    log: tuple[Entry, ...] = ()
    sample: Sample | None = None
    course: Json | None = None
    counted_from: float | None = None
    command: RolloutCommand | None = None
    refusal: str = ""


def save(epoch: int, savings: Sequence[Saving]) -> list[Saving]:
    """Keeps all of these, or none; the rows in them are changed whatever happens, and worthless after an
    error. Returns those whose row somebody else has changed or removed: of them nothing was kept.

    Raises StaleEpochError when another leader has begun an epoch, IntegrityError for a rollout that begins
    again while another of its service runs, and DatabaseError.
    """
    with transaction.atomic():
        leading.require(epoch)
        lost = [saving for saving in savings if not _kept(saving, epoch)]
        kept = [saving for saving in savings if saving not in lost]
        RolloutEvent.objects.bulk_create([event for each in kept for event in _events(each)])
        RolloutMessage.objects.bulk_create([message for each in kept for message in _messages(each)])
    return lost


def note(epoch: int, rollout: int, entry: Entry, at: float) -> None:
    """Adds a line to the log of a rollout whose state stays. Raises as `save` does."""
    with transaction.atomic():
        leading.require(epoch)
        _event(entry, rollout, _time(at)).save(force_insert=True)


def unanswered() -> list[tuple[int, int]]:
    """The rollouts that ended and whose gates after the end have not answered, each with its question."""
    gates = RolloutEvent.objects.filter(kind="gate", rollout__finished_at__isnull=False).order_by("pk")
    last: dict[int, tuple[str, int]] = {}
    for rollout, code, data in gates.filter(code__startswith="after_end").values_list(
        "rollout", "code", "data"
    ):
        last[rollout] = (code, data["id"])
    return [(rollout, number) for rollout, (code, number) in last.items() if code == "after_end_asked"]


def _kept(saving: Saving, epoch: int) -> bool:
    row, version = saving.row, saving.row.version
    _bring_up(saving, epoch)
    mine = Rollout.objects.filter(pk=row.pk, version=version, epoch__lte=epoch)
    columns = [*_COLUMNS, *["course"] * (saving.course is not None)]
    if not mine.update(**{name: getattr(row, name) for name in columns}):
        return False
    if (command := saving.command) is not None:
        command.handled_at, command.refusal = _time(saving.at), saving.refusal
        command.save(update_fields=["handled_at", "refusal"])
    return True


def _bring_up(saving: Saving, epoch: int) -> None:
    """Has the row say what the state says."""
    row, state, at = saving.row, saving.state, _time(saving.at)
    stood, row.state = (row.state or {}).get("confirmed"), states.to_json(state)
    row.status, row.step, row.weight = state.status, state.step, max(0, state.wanted.weight)
    row.why = None if state.why is None else {"code": state.why.code, "words": state.why.words}
    row.epoch, row.version = epoch, row.version + 1
    # Unique: of two rollouts of a service one is running.
    row.occupies = None if state.ended else records.place(row.cluster, row.namespace, row.service)
    if row.started_at is None and state.begun:
        row.started_at = at
    row.finished_at = (row.finished_at or at) if state.ended else None
    if saving.counted_from is not None:
        row.counted_from = saving.counted_from
    if (sample := saving.sample) is not None:
        row.configured_share, row.observed_share = sample.configured, sample.observed
        row.share = dict(sample.share)
    elif state.confirmed is not None and row.state["confirmed"] != stood:
        # It was just written; what was seen of the weight before says nothing of this one.
        row.configured_share, row.observed_share = max(0, state.confirmed.weight) / 100, None
        row.share = {}
    if saving.course is not None:
        row.course = saving.course


def _events(saving: Saving) -> Iterable[RolloutEvent]:
    return [_event(entry, saving.row.pk, _time(saving.at)) for entry in saving.log]


def _event(entry: Entry, rollout: int, at: datetime) -> RolloutEvent:
    return RolloutEvent(
        rollout_id=rollout,
        at=at,
        kind=entry.kind,
        code=entry.code,
        words=entry.words,
        by=entry.by,
        change_id=entry.change,
        data=dict(entry.data),
    )


def _messages(saving: Saving) -> Iterable[RolloutMessage]:
    at, told = _time(saving.at), [each for each in saving.actions if isinstance(each, Notify)]
    return [each for notify in told for each in telling.messages(saving.row, saving.spec, notify, at)]


def _time(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
