"""An explanation as plain text, for a terminal. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from routing.explain.answer import Answer, Destination, Explanation, Policies, Rule
from routing.explain.destinations import named
from routing.sentences import percent

_MARKS: Final = {"taken": ">", "not_matched": "-", "not_reached": " ", "unusable": "!"}


def text(found: Explanation) -> str:
    """The answer, section by section; a section with nothing in it is left out."""
    sections = [
        ("", _head(found)),
        ("Rules, in the order in which they are asked", map(_rule, found.rules)),
        ("Not in force", (f"{each.resource}: {each.reason}" for each in found.rivals)),
        ("Destinations", (line for each in found.destinations for line in _destination(each))),
        ("Answers of the proxies themselves", map(_answer, found.answers)),
        ("Policies", _policies(found.policies)),
        ("Notes", iter(found.notes)),
    ]
    return "\n".join(_sections(sections)) + "\n"


def _sections(sections: Iterable[tuple[str, Iterable[str]]]) -> Iterator[str]:
    for title, lines in sections:
        listed = list(lines)
        if not title:
            yield from listed
        elif listed:
            yield from ("", title, *(f"  {line}" for line in listed))


def _head(found: Explanation) -> Iterator[str]:
    yield found.sentence
    if found.resource:
        yield f"{found.resource} {found.resource_reason}."
    if not found.whole:
        yield "This is by what you may read; a rule elsewhere can change it."


def _rule(rule: Rule) -> str:
    name = f" ({rule.name})" if rule.name else ""
    via = f", to which {rule.via} delegates" if rule.via else ""
    return f"{_MARKS[rule.verdict]} {rule.number}  {rule.resource} {rule.path}{name}{via}: {rule.reason}"


def _destination(each: Destination) -> Iterator[str]:
    labels = ", ".join(f"{name}={value}" for name, value in each.labels.items())
    pods = "" if each.pods is None else f", {each.ready_pods} of {each.pods} pods ready"
    share = percent(100 * each.probability)
    yield f"{share:>6}  {named(each)}{f' ({labels})' if labels else ''}{pods}"
    if each.problem:
        yield f"        {each.problem.status} {each.problem.flag}: {each.problem.message}"
    if each.sent:
        changed = "".join(f", {name}: {value}" for name, value in each.sent.headers)
        yield f"        gets {each.sent.path} of {each.sent.authority}{changed}"
    if each.rule:
        yield f"        {each.rule.resource} ({each.rule.reason})"
        for field, value in each.rule.policy.items():
            yield f"          {field}: {value}"


def _answer(answer: Answer) -> str:
    share = percent(100 * answer.probability)
    status = f"{answer.status} {answer.flag}".strip() if answer.status else answer.flag
    return f"{share:>6}  {status}: {answer.message}"


def _policies(policies: Policies) -> Iterator[str]:
    if policies.timeout_seconds:
        yield f"timeout: {policies.timeout_seconds:g} s"
    if policies.retries:
        attempts = policies.retries.get("attempts")
        default = " (Istio's default)" if policies.retries.get("default") else ""
        yield f"retries: {attempts} on {policies.retries.get('retryOn')}{default}"
    for mirror in policies.mirrors:
        place = f"{mirror.host}:{mirror.port}{f' subset {mirror.subset}' if mirror.subset else ''}"
        yield f"mirror: a copy of {percent(100 * mirror.probability)} to {place}"
    for name in ("rewrite", "headers", "cors", "redirect", "direct_response"):
        if value := getattr(policies, name):
            yield f"{name.replace('_', ' ')}: {value}"
