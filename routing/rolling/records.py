"""Rollouts as rows: made, read, and found. What a step of one changes is written by `leader.saving` only."""

import logging
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from cluster.person import PersonCluster
from routing.errors import ConflictError
from routing.models import Rollout, RolloutEvent
from routing.rolling.ports import Driven
from routing.rollouts import parsing, states
from routing.rollouts import spec as specs
from routing.rollouts.spec import Spec
from routing.rollouts.states import State
from routing.rules import RulesError

log = logging.getLogger(__name__)
_OTHER_KEY: Final = "This key was used for another rollout; take another one."


class OccupiedError(ConflictError):
    """The service has a rollout that runs: `rollout` is its id."""

    def __init__(self, other: Rollout) -> None:
        self.rollout = other.pk
        super().__init__(
            f"Rollout #{other.pk} of {other.service} ({other.baseline} to {other.canary}) is "
            f"{other.status.replace('_', ' ')}; a service has one rollout at a time."
        )


def driven(row: Rollout) -> Driven:
    """A rollout as it is kept. Raises RulesError, KeyError, TypeError for what another release wrote."""
    return Driven(row, parsing.parse(row.spec), states.from_json(row.state))


def readable(row: Rollout) -> Driven | None:
    """A rollout as it is kept; None where another release wrote it in a way that this one cannot read."""
    try:
        return driven(row)
    except (RulesError, KeyError, TypeError):
        log.exception("rollout #%d cannot be read", row.pk)
        return None


def active(cluster: str | None = None) -> list[Rollout]:
    """The rollouts that have not ended, the oldest first; of one cluster, or (None) of all."""
    rows = running()
    return list(rows if cluster is None else rows.filter(cluster=cluster))


def running() -> QuerySet[Rollout]:
    """The rows of `active`."""
    return Rollout.objects.filter(occupies__isnull=False).select_related("created_by").order_by("pk")


def place(cluster: str, namespace: str, service: str) -> str:
    """What a rollout occupies while it runs."""
    return f"{cluster}/{namespace}/{service}"


def occupant(cluster: str, namespace: str, service: str) -> Rollout | None:
    """The rollout that runs for a service."""
    return Rollout.objects.filter(occupies=place(cluster, namespace, service)).first()


def create(
    spec: Spec, by: User, person: PersonCluster, needs: str, *, key: str = "", note: str = "", now: datetime
) -> Rollout:
    """Keeps a new rollout in the person's cluster, to be driven by whoever leads; with a key that the same
    person used for the same before, that one.

    `needs`: who may see it, as `routing.scope` writes it. Raises OccupiedError while another one of the
    service runs, ConflictError for a key that was used for something else.
    """
    if (known := _known(by, key, spec, person.name)) is not None:
        return known
    try:
        with transaction.atomic():
            return _created(spec, by, person.name, needs=needs, key=key, note=note, now=now)
    except IntegrityError:
        # Of two at the same moment, the other one came first.
        if (known := _known(by, key, spec, person.name)) is not None:
            return known
        if (other := occupant(person.name, spec.namespace, spec.service)) is not None:
            raise OccupiedError(other) from None
        raise


def _known(by: User, key: str, spec: Spec, cluster: str) -> Rollout | None:
    found = Rollout.objects.filter(created_by=by, key=key).first() if key else None
    if found is not None and (found.spec != specs.to_json(spec) or found.cluster != cluster):
        raise ConflictError(_OTHER_KEY)
    return found


def _created(
    spec: Spec, by: User, cluster: str, *, needs: str, key: str, note: str, now: datetime
) -> Rollout:
    row = Rollout.objects.create(
        cluster=cluster,
        needs=needs,
        namespace=spec.namespace,
        service=spec.service,
        baseline=spec.baseline,
        canary=spec.canary,
        spec=specs.to_json(spec),
        state=states.to_json(State()),
        occupies=place(cluster, spec.namespace, spec.service),
        key=key,
        note=note,
        created_at=now,
        created_by=by,
    )
    RolloutEvent.objects.create(
        rollout=row, at=now, kind="status", code="planned", words=note, by=by.get_username()
    )
    return row
