"""What people want of a rollout: kept before it is done, and done once, by whoever leads then."""

import threading
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from routing.errors import ConflictError
from routing.models import Rollout, RolloutCommand
from routing.rolling import records
from routing.rolling.ports import Driven
from routing.rollouts import machine
from routing.rollouts.inputs import COMMANDS, Command, Now, RefusedError

woken: Final = threading.Event()
"""Set when there is something to do before the next tick: the engine of this process waits for it."""
_NOBODY: Final = Now(0.0, 0.0, "")


def wake() -> None:
    """Has this process's engine look at once; another process's finds out within a second."""
    woken.set()


def send(
    rollout: Rollout, name: str, by: User, *, weight: int | None = None, key: str = "", now: datetime
) -> RolloutCommand:
    """Keeps a command (`weight` in percent, for set_weight only); with a key that the same person used for
    this rollout before, that one, done or not.

    Whether it makes sense is decided when it is done: then `handled_at` is set, and `refusal` says why not.
    Raises RefusedError for a command or a weight that there is not, ConflictError for another command's key.
    """
    if name not in COMMANDS:
        raise RefusedError(f"There is no such command; known are {', '.join(COMMANDS)}.")
    if name == "set_weight" and (type(weight) is not int or not 0 <= weight <= 100):
        raise RefusedError("A whole weight from 0 to 100 is needed.")
    if (known := _known(rollout, name, by, weight, key)) is None:
        known = _kept(rollout, name, by, weight=weight, key=key, now=now)
    wake()
    return known


def allowed(row: Rollout) -> dict[str, str]:
    """For every command an empty text, or why it makes no sense for a rollout as it stands."""
    driven = records.driven(row)
    found = {name: _refusal(driven, name) for name in COMMANDS}
    if driven.state.ended and not found["retry"]:
        other = records.occupant(row.cluster, row.namespace, row.service)
        found["retry"] = "" if other is None else str(records.OccupiedError(other).detail)
    return found


def pending(rollout: int | None = None) -> list[RolloutCommand]:
    """The commands that nobody has done yet, the oldest first; of one rollout, or (None) of all."""
    waiting = RolloutCommand.objects.filter(handled_at=None).select_related("by").order_by("pk")
    return list(waiting if rollout is None else waiting.filter(rollout=rollout))


def _known(rollout: Rollout, name: str, by: User, weight: int | None, key: str) -> RolloutCommand | None:
    found = RolloutCommand.objects.filter(rollout=rollout, by=by, key=key).first() if key else None
    if found is not None and (found.name, found.weight) != (name, weight):
        raise ConflictError("This key was used for another command; take another one.")
    return found


def _kept(
    rollout: Rollout, name: str, by: User, *, weight: int | None, key: str, now: datetime
) -> RolloutCommand:
    try:
        with transaction.atomic():
            return RolloutCommand.objects.create(
                rollout=rollout, name=name, by=by, weight=weight, key=key, at=now
            )
    except IntegrityError:
        # The same request came twice at the same moment.
        if (known := _known(rollout, name, by, weight, key)) is None:
            raise
        return known


def _refusal(driven: Driven, name: str) -> str:
    weight = 0 if name == "set_weight" else None
    try:
        machine.step(driven.state, driven.spec, Command(name, _NOBODY, driven.state.epoch, weight=weight))
    except RefusedError as refused:
        return str(refused)
    return ""
