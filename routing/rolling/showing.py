"""A rollout as the REST API answers it and as the pages draw it: plain JSON, as one person may see it.

What a query of somebody else's answers may be about any namespace, and an address of who is told often
carries a secret: the first is for who sees every namespace, the second for who started the rollout.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cluster import kinds
from cluster.identity import Ask
from cluster.kinds import VIRTUAL_SERVICE
from cluster.person import PersonCluster
from routing.models import Rollout, RolloutEvent
from routing.rolling import commands, records
from routing.rolling.hooks import webhooks
from routing.rolling.mesh import sharing
from routing.rolling.ports import Driven
from routing.rolling.veiling import veiled
from routing.rollouts import counting, course
from routing.rollouts import evidence as cards
from routing.rollouts import spec as asked
from routing.rollouts.moves import is_harm_held
from routing.rollouts.spec import Promql, Spec
from routing.rollouts.states import State
from telemetry import live

Json = dict[str, Any]
PATHS: Final[Mapping[str, str]] = {
    "pause": "pause",
    "resume": "resume",
    "step_back": "step-back",
    "set_weight": "weight",
    "promote": "promote",
    "abort": "abort",
    "retry": "retry",
}
"""Each command with the last part of its address."""
MOST_EVENTS: Final = 500
_UNREADABLE: Final = (
    "Another release of the console wrote this rollout; this one cannot read it, and does not drive it."
)
_COLUMNS: Final = (
    "version", "cluster", "namespace", "service", "baseline", "canary", "status", "step", "weight",
    "configured_share", "observed_share", "created_at", "started_at", "finished_at", "note",
)  # fmt: skip
_NOTHING_MORE: Final[Json] = {
    "spec": {},
    "evidence": {},
    "share": {},
    "course": {"every": 1, "until": None, "points": []},
    "log": [],
    "cards": [],
}
HIDDEN_QUERY: Final = "This query is shown to those who may read every namespace."


def summary(row: Rollout, person: PersonCluster) -> Json:
    """A rollout in short; shares are ratios (0-1) of the canary, weights percent."""
    driven = records.readable(row)
    if driven is None:
        return _unreadable(row, person)
    return _veiled(_summary(driven, person), person)


def detail(row: Rollout, person: PersonCluster, *, whole: bool = False) -> Json:
    """A rollout with its evidence as of now, its course and its log. `whole`: with the addresses of those who
    are told and asked, which is for who started it.
    """
    driven = records.readable(row)
    if driven is None:
        return {**_unreadable(row, person), **_NOTHING_MORE}
    spec, state = driven.spec, driven.state
    events = list(row.events.order_by("-pk")[:MOST_EVENTS])
    found = {
        **_summary(driven, person),
        **({"observed_share": _observed_now(spec, person)} if state.ended else {}),
        "spec": _spec(spec, person, whole=whole),
        "evidence": _card(cards.card(state, spec, time.time()), spec, person),
        "share": row.share or {},
        "course": {"every": 1, "until": None, "points": [], **row.course},
        "log": [_logged(event) for event in events if event.kind != "card"],
        "cards": [
            {"id": event.pk, "at": event.at, **_in_short(event.data)}
            for event in events
            if event.kind == "card"
        ],
    }
    return _veiled(found, person)


def evidence(row: Rollout, person: PersonCluster) -> Json:
    """All that was kept of a rollout, to be exported: each card whole, the oldest first, and one of now."""
    driven = records.readable(row)
    if driven is None:
        return {"id": row.pk, "version": row.version, "spec": {}, "now": {}, "cards": []}
    spec, state = driven.spec, driven.state
    kept = row.events.filter(kind="card").order_by("pk")
    found = {
        "id": row.pk,
        "version": row.version,
        "spec": _spec(spec, person, whole=False),
        "now": _card(cards.card(state, spec, time.time()), spec, person),
        "cards": [{"id": event.pk, "card": _card(event.data, spec, person)} for event in kept],
    }
    return _veiled(found, person)


def may_command(row: Rollout, person: PersonCluster) -> str:
    """Why somebody may not command a rollout, by an answer of the last seconds; empty when he may."""
    return person.why_not(Ask("update", VIRTUAL_SERVICE, row.namespace))


def _observed_now(spec: Spec, person: PersonCluster) -> float | None:
    """The canary's share (0-1) of the requests of now: what was seen last was of before the end."""
    traffic = live.of(person.name, person.visible())
    shares = traffic.shares(spec.namespace, spec.service) if traffic.available() else {}
    return round(shares.get(spec.canary, 0.0), 4) if shares else None


def _unreadable(row: Rollout, person: PersonCluster) -> Json:
    """What the columns say of a rollout that cannot be read: it is there, and takes no command."""
    found = {
        **{name: getattr(row, name) for name in _COLUMNS},
        "id": row.pk,
        "created_by": row.created_by.get_username(),
        "strategy": {"kind": "weighted"},
        "why": {"code": "unreadable", "words": _UNREADABLE},
        "steps": [],
        "mirror": False,
        "match": False,
        "verdict": "not_known",
        "sentence": _UNREADABLE,
        "clock": {"verified": False, "seconds": 0.0, "of_seconds": 0, "requests": 0, "of_requests": 0},
        "expected_end": None,
        "commands": [{"name": path, "refusal": _UNREADABLE} for path in PATHS.values()],
        "needs_person": row.occupies is not None,
    }
    return _veiled(found, person)


def _veiled(found: Json, person: PersonCluster) -> Json:
    """What was written with the console's own sight, for somebody who has less."""
    if person.visible() is None:
        return found
    known: dict[tuple[str, str], bool] = {}

    def readable(kind: str, namespace: str) -> bool:
        if (kind, namespace) not in known:
            named = {(each, namespace) for each in kinds.ALL if each.kind == kind}
            # What is no kind of object is no name of one, and its namespace is asked for all the same.
            known[kind, namespace] = person.readable(namespace) and person.may_read(named) == named
        return known[kind, namespace]

    return dict(veiled(found, readable))


def _summary(driven: Driven, person: PersonCluster) -> Json:
    row, spec, state = driven.row, driven.spec, driven.state
    said, told = counting.verdicts(state, spec), asked.to_json(spec)
    return {
        "id": row.pk,
        "version": row.version,
        "cluster": row.cluster,
        "namespace": spec.namespace,
        "service": spec.service,
        "baseline": spec.baseline,
        "canary": spec.canary,
        "strategy": told["strategy"],
        "status": state.status,
        "why": {"code": state.why.code, "words": state.why.words} if state.why else None,
        "step": state.step,
        "steps": told["steps"],
        "weight": max(state.wanted.weight, 0),
        "configured_share": row.configured_share,
        "observed_share": row.observed_share,
        "mirror": state.wanted.mirror,
        "match": state.wanted.match,
        "verdict": cards.overall(said),
        "sentence": cards.sentence(said),
        "clock": _clock(spec, state),
        "created_at": row.created_at,
        "created_by": row.created_by.get_username(),
        "started_at": row.started_at,
        "finished_at": row.finished_at,
        "note": row.note,
        "expected_end": expected_end(spec, state, datetime.now(UTC), _per_second(row)),
        "commands": _commands(row, person),
        "needs_person": state.status == "paused" or is_harm_held(state),
    }


def _clock(spec: Spec, state: State) -> Json:
    step = spec.steps[state.step] if 0 <= state.step < len(spec.steps) else None
    return {
        "verified": state.clock.verified,
        "seconds": round(state.clock.counted, 1),
        "of_seconds": step.seconds if step else 0,
        "requests": round(state.clock.requests),
        "of_requests": step.requests if step else 0,
    }


def expected_end(spec: Spec, state: State, now: datetime, per_second: float = 0.0) -> datetime | None:
    """When the steps have had their time if nothing holds them, with the time until each share is verified at
    so many requests; None where that hangs on a person, or it has ended.
    """
    ahead = spec.steps[state.step + 1 :]
    if state.status not in ("planned", "running") or any(step.pause for step in ahead):
        return None
    here = spec.steps[state.step] if state.step >= 0 else None
    if here is not None and here.pause and state.approved != state.step:
        return None
    left = max(0.0, here.seconds - state.clock.counted) if here is not None else 0.0
    unverified = [*([here] if here is not None and not state.clock.verified else []), *ahead]
    verifying = sum(sharing.seconds_to_verify(spec, step.weight, per_second) for step in unverified)
    return now + timedelta(seconds=left + verifying + sum(step.seconds for step in ahead))


def _per_second(row: Rollout) -> float:
    """Requests to both versions, as last seen."""
    points = (row.course or {}).get("points") or [{}]
    return sum(points[-1].get(name) or 0.0 for name in course.RATES)


def _commands(row: Rollout, person: PersonCluster) -> list[Json]:
    refusal = may_command(row, person)
    allowed = commands.allowed(row)
    return [{"name": path, "refusal": refusal or allowed[name]} for name, path in PATHS.items()]


def _logged(event: RolloutEvent) -> Json:
    return {
        "at": event.at,
        "kind": event.kind,
        "code": event.code,
        "words": event.words,
        "by": event.by,
        "change": event.change_id,
    }


def _in_short(card: Mapping[str, Any]) -> Json:
    return {"words": card.get("why", ""), "status": card.get("status", ""), "step": card.get("step", -1)}


def _card(card: Mapping[str, Any], spec: Spec, person: PersonCluster) -> Json:
    """A card without the answers of queries, for who may not read every namespace."""
    if person.visible() is None:
        return dict(card)
    hidden = {"query": HIDDEN_QUERY, "value": None}
    figures = [
        {**figure, **hidden} if figure["name"] in spec.queried else figure for figure in card["figures"]
    ]
    return {**card, "figures": figures}


def _spec(spec: Spec, person: PersonCluster, *, whole: bool) -> Json:
    found = asked.to_json(spec)
    if person.visible() is not None:
        for guard, shown in zip(spec.guards, found["guards"], strict=True):
            if isinstance(guard, Promql):
                shown["query"] = HIDDEN_QUERY
    if not whole:
        for each in (*found["notify"], *found["gates"]):
            each["url"] = webhooks.shown(each["url"])
    return found
