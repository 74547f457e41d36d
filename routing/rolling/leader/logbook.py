"""What is written into the log of a rollout, in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from routing.models import RolloutCommand
from routing.rolling.ports import Done
from routing.rollouts.inputs import Action, Ask, Notify, Record, Write
from routing.rollouts.moves import is_refused
from routing.rollouts.states import Intent, Rule, State


@dataclass(frozen=True, slots=True)
class Entry:
    """A line: the fields of `models.RolloutEvent`."""

    kind: str
    code: str
    words: str = ""
    by: str = ""
    change: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


def decided(actions: Sequence[Action], after: State, noted: int) -> list[Entry]:
    """What was decided; the intent `noted` is in the log already, and that a closed gate was asked."""
    return [_decided(each, after) for each in actions if not _is_known(each, after, noted)]


def found(before: State, after: State) -> list[Entry]:
    """What became of a pending write by what stands, or by another that took its place."""
    intent = before.intent
    if intent is None or after.intent == intent:
        return []
    if after.written == intent.id:
        return [_of(intent, "found", f"It was written, as the cluster shows: {_rule(intent.rule)}.")]
    return [_of(intent, "dropped", f"Not to be written any more: {_rule(intent.rule)}.")]


def wrote(write: Write, done: Done) -> Entry:
    """What became of a write."""
    intent = Intent(write.intent, write.kind, write.rule, 0)
    words = {
        "done": f"Written: {_rule(write.rule)}."
        if done.change is not None or not done.words
        else f"Nothing had to be written: {done.words}",
        "refused": f"Not written: {done.words or 'nothing was said why'}",
        "unknown": f"No answer came, and it may have been written: {done.words or 'nothing was said why'}",
    }
    return _of(intent, done.result, words[done.result], done.change)


def answered(ask: Ask, *, passed: bool, words: str) -> Entry:
    """What the gates of a stage said."""
    code = f"{ask.stage}_{'opened' if passed else 'refused'}"
    stage = ask.stage.replace("_", " ")
    said = f"The gates {stage} opened." if passed else f"A gate {stage} did not open: {words}"
    return Entry("gate", code, said, data={"id": ask.id, "stage": ask.stage})


def commanded(command: RolloutCommand, refusal: str = "") -> Entry:
    """What a person wanted, and why it was refused, if it was."""
    data = {"id": command.pk, "weight": command.weight, "refusal": refusal}
    words = f"{command.name.replace('_', ' ').capitalize()}"
    words += f" to {command.weight} %" if command.weight is not None else ""
    words += f" was refused: {refusal}" if refusal else "."
    return Entry("command", command.name, words, command.by.get_username(), data=data)


def _is_known(action: Action, after: State, noted: int) -> bool:
    if isinstance(action, Write):
        return action.intent == noted
    return isinstance(action, Ask) and is_refused(after, action.stage)


def _decided(action: Action, after: State) -> Entry:
    if isinstance(action, Notify):
        why = after.why.code if after.why else ""
        return Entry("status", action.event, action.words, data={"why": why})
    if isinstance(action, Record):
        return Entry("card", after.status, str(action.card.get("words", "")), data=action.card)
    if isinstance(action, Ask):
        words = f"The gates {action.stage.replace('_', ' ')} are asked."
        return Entry("gate", f"{action.stage}_asked", words, data={"id": action.id, "stage": action.stage})
    intent = Intent(action.intent, action.kind, action.rule, 0)
    return _of(intent, "intended", f"To be written: {_rule(action.rule)}.")


def _of(intent: Intent, code: str, words: str, change: int | None = None) -> Entry:
    rule = intent.rule
    data = {"intent": intent.id, "intended": intent.kind, "weight": rule.weight, "mirror": rule.mirror}
    return Entry("write", code, words, change=change, data={**data, "match": rule.match})


def _rule(rule: Rule) -> str:
    more = " and copies" * rule.mirror + " and requests that match" * rule.match
    return f"{max(0, rule.weight)} % for the canary{more}"
