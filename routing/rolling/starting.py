"""Starts a rollout, or says all that speaks against it: what was asked for is read by `rollouts.parsing`, and
held here against the cluster, the rights of who asks, other people's addresses, and what else runs.

Nothing is started, and nothing written, unless all of it is right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from cluster.access import NO_IDENTITY
from cluster.errors import Forbidden
from cluster.identity import Ask
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from routing import scope
from routing.apply import Clock, require
from routing.errors import ConflictError, WrongRulesError
from routing.models import Rollout
from routing.rolling import objections, prospect, records
from routing.rolling.prospect import Draft, Prospect, Traffic
from routing.rolling.records import OccupiedError
from routing.rollouts import parsing
from routing.rollouts import spec as specs
from routing.rollouts.foresight import Caution
from routing.rollouts.spec import Spec
from routing.rules import FieldError, RulesError

Json = dict[str, Any]
_USABLE: Final[Mapping[str, Any]] = {"steps": [{"weight": 1, "seconds": 1}]}
"""What stands in for a member that is wrong, so that the others can be held against the world, too."""
NOTHING_DONE: Final = "Nothing was done."
_NEEDED: Final = frozenset({"namespace", "service", "baseline"})


@dataclass(frozen=True, slots=True)
class Checked:
    """A rollout that can be started. `needs`: who may see it, as `routing.scope` writes it."""

    spec: Spec
    needs: str
    prospect: Prospect


def check(body: Any, person: PersonCluster, traffic: Traffic) -> Checked:
    """A request for a rollout, held against everything there is.

    Raises WrongRulesError with all that is wrong with it, by field; Forbidden for who may not write what it
    writes; OccupiedError while another rollout has the service; `cluster.errors.ClusterError` when the
    cluster does not answer.
    """
    checked = looked_at(body, person, traffic)
    spec = checked.spec
    require(person, [*_rights(spec), *checked.prospect.asks], NOTHING_DONE)
    other = records.occupant(person.name, spec.namespace, spec.service)
    if other is not None:
        raise OccupiedError(other)
    return checked


def start(
    body: Any,
    user: User,
    person: PersonCluster,
    traffic: Traffic,
    *,
    key: str = "",
    note: str = "",
    now: Clock = timezone.now,
) -> tuple[Rollout, bool]:
    """The new rollout; with a key by which the same person started the same before, that one. And whether it
    is new.

    Raises what `check` raises, and ConflictError for a key that was used for another rollout.
    """
    before = _known(body, user, person, key)
    if before is not None:
        return before, False
    try:
        checked = check(body, person, traffic)
        return records.create(checked.spec, user, person, checked.needs, key=key, note=note, now=now()), True
    except OccupiedError as error:
        # Of two at the same moment the other one came first: it may be the same.
        again = _known(body, user, person, key)
        if again is not None:
            return again, False
        raise occupied(Rollout.objects.get(pk=error.rollout), person) from error


def _known(body: Any, user: User, person: PersonCluster, key: str) -> Rollout | None:
    """The rollout that somebody started by a key before, or None.

    Raises ConflictError when it was another one than this body asks for.
    """
    found = (
        Rollout.objects.filter(created_by=user, key=key).select_related("created_by").first() if key else None
    )
    if found is None:
        return None
    try:
        same = found.cluster == person.name and found.spec == specs.to_json(parsing.parse(body))
    except RulesError:
        same = False
    if not same or not scope.seen_by(person, Rollout.objects.filter(pk=found.pk)).exists():
        raise ConflictError("This key was used for another rollout; take another one.")
    return found


def preview(body: Any, person: PersonCluster, traffic: Traffic, *, now: Clock = timezone.now) -> Json:
    """What a rollout would write, could see and would take, with the traffic of now; nothing is started.

    Raises what `check` raises, but for rights and another rollout: these are told as warnings.
    """
    checked = looked_at(body, person, traffic)
    spec, found = checked.spec, checked.prospect
    warnings = [*found.warnings, *_against(spec, person)]
    seconds = found.foresight.seconds
    return {
        "spec": specs.to_json(spec),
        "traffic": found.traffic,
        "steps": found.steps(),
        "seconds": seconds,
        "seconds_to_verdict": found.foresight.seconds_to_verdict,
        "expected_end": None if seconds is None else now() + timedelta(seconds=seconds),
        "warnings": [{"code": each.code, "words": each.words} for each in warnings],
        "problems": found.problems,
    }


def looked_at(body: Any, person: PersonCluster, traffic: Traffic) -> Checked:
    """A request for a rollout, held against the cluster, the traffic and other people's services.

    Raises WrongRulesError, Forbidden for who has no identity, `cluster.errors.ClusterError`.
    """
    if person.is_nobody:
        raise Forbidden(NO_IDENTITY, status=403)
    try:
        spec = parsing.parse(body)
    except RulesError as error:
        raise WrongRulesError([*error.errors, *_more(body, error.errors, person)]) from error
    draft, errors = _held_against(spec, person)
    if draft is None or errors:
        raise WrongRulesError(errors)
    found = prospect.of(draft, person, traffic)
    return Checked(spec, found.needs, found)


def require_right(person: PersonCluster, namespace: str) -> None:
    """Asks at this moment whether a person may command the rollouts of a namespace: who may change its
    routes. Raises Forbidden; Unavailable when the cluster does not say.
    """
    require(person, [Ask("update", VIRTUAL_SERVICE, namespace)], NOTHING_DONE)


def occupied(other: Rollout, person: PersonCluster) -> ConflictError:
    """Why a service cannot have one more rollout: named, with its address, to who may see it."""
    if not scope.seen_by(person, Rollout.objects.filter(pk=other.pk)).exists():
        return ConflictError(
            "The service has a rollout already, which you may not see; it has one at a time."
        )
    error = OccupiedError(other)
    error.extra = {**error.extra, "rollout": other.pk, "link": reverse("rollout", args=[other.pk])}
    return error


def _rights(spec: Spec) -> list[Ask]:
    """What whoever starts a rollout must be allowed: what its writes take, the last one included."""
    return [
        Ask("update", VIRTUAL_SERVICE, spec.namespace),
        Ask("create", DESTINATION_RULE, spec.namespace),
        Ask("update", DESTINATION_RULE, spec.namespace),
    ]


def _against(spec: Spec, person: PersonCluster) -> list[Caution]:
    """What would have a start refused, though nothing is wrong with what is asked for."""
    other = records.occupant(person.name, spec.namespace, spec.service)
    refusals = (person.why_not(ask) for ask in _rights(spec))
    said = [
        ("OCCUPIED", str(occupied(other, person).detail) if other is not None else ""),
        ("NOT_ALLOWED", next((refusal for refusal in refusals if refusal), "")),
    ]
    return [Caution(code, words) for code, words in said if words]


def _held_against(spec: Spec, person: PersonCluster) -> tuple[Draft | None, list[FieldError]]:
    """What the cluster and everything else has against a rollout; its draft, if the cluster has nothing."""
    draft, errors = None, list[FieldError]()
    try:
        draft = prospect.drafted(spec, person)
    except RulesError as error:
        errors.extend(error.errors)
    return draft, [*errors, *objections.found(spec, person)]


def _more(body: Any, errors: Sequence[FieldError], person: PersonCluster) -> list[FieldError]:
    """What else is wrong with a request that cannot be read whole: nobody is to find that out one by one."""
    bad = {error.field.partition("[")[0].partition(".")[0] for error in errors}
    if not isinstance(body, Mapping) or bad & _NEEDED:
        return []
    rest = {name: value for name, value in body.items() if name not in bad}
    stand_in = {"canary": f"{str(body['baseline'])[:50]}-canary"} | dict(_USABLE)
    try:
        spec = parsing.parse({**rest, **{name: each for name, each in stand_in.items() if name in bad}})
    except RulesError:
        return []
    _, found = _held_against(spec, person)
    return [error for error in found if error.field.partition("[")[0] not in bad]
