"""Rules and what is in force, in the words that pages and messages use. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from routing.phrases import (
    fault_parts,
    percent,
    policy_sentence,
    remove_sentence,
    route_sentence,
    whom,
)
from routing.rules import ClearFault, Fault, HttpPolicy, RemoveRoute, Route, Rule, Split

__all__ = ["fault_parts", "fault_sentence", "percent", "sentence", "split_sentence", "summary", "whom"]


def split_sentence(weights: Mapping[str, float]) -> str:
    """`80 % v1, 20 % v3`: versions with a weight, in the order
    given; the empty version is another destination.
    """
    shown = [f"{percent(weight)} {version or 'elsewhere'}" for version, weight in weights.items() if weight]
    return ", ".join(shown) or "nothing"


def fault_sentence(fault: Fault) -> str:
    """`50 % delayed by 2s; everyone`."""
    return f"{fault_parts(fault.delay, fault.abort)}; {whom(fault.match)}"


def summary(rules: Sequence[Rule]) -> str:
    """A set of rules in one line: `reviews: 80 % v1, 20 % v3`."""
    return "; ".join(
        f"{rule.service}: {sentence(rule)}" if rule.service else sentence(rule) for rule in rules
    )


def sentence(rule: Rule) -> str:
    """What one rule asks for, without its service's name."""
    return _SENTENCES[type(rule)](rule)


_SENTENCES: Final[Mapping[type[Any], Callable[[Any], str]]] = {
    Split: lambda rule: split_sentence(rule.weights),
    Fault: fault_sentence,
    ClearFault: lambda _: "no fault",
    Route: route_sentence,
    HttpPolicy: policy_sentence,
    RemoveRoute: remove_sentence,
}
