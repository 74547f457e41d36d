"""One question with what was found of its host: what every kind of answer is made from. Pure."""

from dataclasses import dataclass
from typing import Any, Final

from routing.explain.answer import Explanation, Outcome
from routing.explain.lookup import InForce
from routing.explain.question import Caller, Host, Protocol, Request, World

NOTHING_IN_FORCE: Final = InForce((), "", ())


@dataclass(frozen=True, slots=True)
class Asked:
    """The question; `name` is its host in full, `host` what the mesh knows of it (None: nothing)."""

    world: World
    request: Request
    caller: Caller
    name: str
    host: Host | None
    port: int
    protocol: Protocol = "http"

    def explanation(self, found: InForce, outcome: Outcome, sentence: str, **parts: Any) -> Explanation:
        """An explanation of this question. `parts`: the other fields of Explanation."""
        return Explanation(
            request=self.request,
            caller=self.caller,
            host=self.name,
            port=self.port,
            protocol=self.protocol,
            outcome=outcome,
            sentence=sentence,
            resource=found.resource,
            resource_reason=found.reason,
            rivals=found.rivals,
            whole=self.world.whole,
            **parts,
        )

    @property
    def by_what_is_read(self) -> str:
        """What to add to the news that something does not exist."""
        return "" if self.world.whole else ", by what you may read"
