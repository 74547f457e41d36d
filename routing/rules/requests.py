"""What a person asks for: rules of any kind of the vocabulary, and why. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.kinds import Kind
from routing.rules.entries import SERVICE_ENTRY_RULE
from routing.rules.errors import RulesError
from routing.rules.faults import CLEAR_FAULT, FAULT
from routing.rules.gateway_routes import GATEWAY_ROUTE
from routing.rules.gateways import GATEWAY_RULE
from routing.rules.http.changes import HTTP_POLICY
from routing.rules.http.routes import REMOVE_ROUTE, ROUTE
from routing.rules.objects import DELETE_OBJECT, OBJECT
from routing.rules.policies import DESTINATION_POLICY
from routing.rules.reader import Reader
from routing.rules.sidecars import SIDECAR_RULE
from routing.rules.splits import SPLIT
from routing.rules.subsets import REMOVE_SUBSET, SUBSET
from routing.rules.word import Rule, Word

MAX_RULES: Final = 20
MAX_NOTE: Final = 500

WORDS: Final[tuple[Word[Any], ...]] = (
    SPLIT,
    FAULT,
    CLEAR_FAULT,
    ROUTE,
    HTTP_POLICY,
    REMOVE_ROUTE,
    GATEWAY_ROUTE,
    SUBSET,
    REMOVE_SUBSET,
    DESTINATION_POLICY,
    SIDECAR_RULE,
    SERVICE_ENTRY_RULE,
    GATEWAY_RULE,
    OBJECT,
    DELETE_OBJECT,
)
"""The vocabulary: a new kind of rule is one more."""

_BY_KIND: Final[Mapping[str, Word[Any]]] = {word.kind: word for word in WORDS}
_BY_TYPE: Final[Mapping[type[Any], Word[Any]]] = {word.type: word for word in WORDS}


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for: rules, and why."""

    rules: tuple[Rule, ...]
    note: str


def parse_request(body: object) -> Request:
    """The rules and the note of a request body. Raises RulesError that name every wrong field."""
    reader = Reader()
    fields = reader.members(body, "", {"rules", "note"})
    note = _note(reader, (fields or {}).get("note", ""))
    found = _rules(reader, (fields or {}).get("rules")) if fields is not None else []
    if reader.errors:
        raise RulesError(reader.errors)
    return Request(tuple(found), note)


def parse(rules: object) -> tuple[Rule, ...]:
    """Rules from a list of objects. Raises RulesError that name every wrong field."""
    return parse_request({"rules": rules}).rules


def to_json(rule: Rule) -> dict[str, Any]:
    """A rule as `parse` reads it."""
    word = word_of(rule)
    return {"kind": word.kind, **word.write(rule)}


def word_of(rule: Rule) -> Word[Any]:
    """The kind of a rule in the vocabulary."""
    return _BY_TYPE[type(rule)]


def kinds_read(rules: Iterable[Rule]) -> tuple[Kind, ...]:
    """The kinds of resources that a plan of these rules is made of, each once."""
    return tuple(dict.fromkeys(kind for rule in rules for kind in word_of(rule).kinds_of(rule)))


def _note(reader: Reader, value: object) -> str:
    if not isinstance(value, str) or not all(char.isprintable() or char == "\n" for char in value):
        reader.error("note", "The note must be plain text.")
    elif len(value) > MAX_NOTE:
        reader.error("note", f"The note has {len(value)} characters; at most {MAX_NOTE} are kept.")
    else:
        return value.strip()
    return ""


def _rules(reader: Reader, value: object) -> list[Rule]:
    if not isinstance(value, list) or not value:
        reader.error("rules", "This must be a list of at least one rule.")
        return []
    if len(value) > MAX_RULES:
        reader.error("rules", f"{len(value)} rules are too many; at most {MAX_RULES} go into one plan.")
        return []
    found = [_rule(reader, item, f"rules[{index}]") for index, item in enumerate(value)]
    _check_contradictions(reader, found)
    return [rule for rule in found if rule is not None]


def _rule(reader: Reader, value: object, field: str) -> Rule | None:
    if not isinstance(value, Mapping):
        reader.error(field, "A rule must be an object.")
        return None
    kind = value.get("kind")
    word = _BY_KIND.get(kind) if isinstance(kind, str) else None
    if word is None:
        *others, last = _BY_KIND
        reader.error(f"{field}.kind", f"The kind must be {', '.join(others)} or {last}.")
        return None
    found: Rule | None = word.read(reader, value, field)
    return found


def _check_contradictions(reader: Reader, rules: list[Rule | None]) -> None:
    seen: dict[str, int] = {}
    for index, rule in enumerate(rules):
        if rule is None:
            continue
        sets = word_of(rule).sets(rule)
        first = seen.setdefault(sets, index)
        if first != index:
            reader.error(f"rules[{index}]", f"rules[{first}] already sets {sets}.")
