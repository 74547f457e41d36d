"""What every kind of rule says of itself, so that whoever works with rules need not know each kind. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE, Kind
from routing.rules.reader import Reader


class Rule(Protocol):
    """Something that a person can ask for, in one namespace; `service` is empty where it is about none."""

    @property
    def namespace(self) -> str:
        """Where it holds."""

    @property
    def service(self) -> str:
        """The service that it is about, or empty."""


R = TypeVar("R", bound=Rule)


@dataclass(frozen=True, slots=True)
class Word(Generic[R]):
    """One kind of rule in the vocabulary.

    `kind` names it in requests. `read` reads its members (from a path such as `rules[0]`) and notes what is
    wrong; None when nothing can be made of it. `write` gives the members again, without `kind`. `sets` says
    what it sets, such as `the weights of shop/cart`: two rules of one plan may not set the same. `reads` are
    the kinds of resources that its plan is made of, `reads_for` further ones that depend on the rule.
    """

    kind: str
    type: type[R]
    read: Callable[[Reader, Mapping[str, object], str], R | None]
    write: Callable[[R], dict[str, Any]]
    sets: Callable[[R], str]
    reads: tuple[Kind, ...] = (VIRTUAL_SERVICE, DESTINATION_RULE)
    reads_for: Callable[[R], tuple[Kind, ...]] | None = None

    def kinds_of(self, rule: R) -> tuple[Kind, ...]:
        """The kinds of resources that the plan of a rule is made of."""
        return (*self.reads, *(self.reads_for(rule) if self.reads_for else ()))


def of_service(what: str) -> Callable[[Rule], str]:
    """A `sets` for rules of which a service has one: `the weights of shop/cart`."""
    return lambda rule: f"the {what} of {rule.namespace}/{rule.service}"
