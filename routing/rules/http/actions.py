"""Where requests go, or what answers them in the place of a destination. Pure.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPRoute
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from routing.rules import leaves
from routing.rules.http.headers import HEADERS, Headers
from routing.rules.reader import Reader
from routing.rules.shape import ListOf, Shape, not_empty

MAX_DESTINATIONS: Final = 20
MAX_BODY: Final = 16_384
REDIRECT_CODES: Final = (301, 302, 303, 307, 308)
SUFFIX: Final = "svc.cluster.local"


@dataclass(frozen=True, slots=True)
class Destination:
    """Where requests go: without `host`, to the service that the rule is about.

    `version` is for that service alone; `subset` names one as it stands in a DestinationRule. `weight` in
    percent; None for a single destination, which gets everything.
    """

    host: str | None = None
    version: str | None = None
    subset: str | None = None
    port: int | None = None
    weight: int | None = None
    headers: Headers | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer that what was asked for is elsewhere; what is not set stays as in the request."""

    uri: str | None = None
    authority: str | None = None
    scheme: str | None = None
    port: int | None = None
    derive_port: str | None = None
    redirect_code: int | None = None


@dataclass(frozen=True, slots=True)
class DirectResponse:
    """A fixed answer."""

    status: int
    body: str | None = None


@dataclass(frozen=True)
class Placed:
    """A destination or a mirror of a rule about a service: one with a host, a version, a subset and a port.

    `service` may stand for a host in the rule's namespace. Hosts are kept in full; without one, it is the
    rule's own service.
    """

    shape: Shape
    namespace: str
    own: str

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The destination or mirror; None where an error was noted."""
        if not isinstance(value, Mapping) or value.get("service") is None:
            return self._at_home(reader, self.shape.read(reader, value, at), at)
        service = reader.name(value["service"], f"{at}.service", "a service")
        if value.get("host") is not None:
            reader.error(f"{at}.host", "There can be either a host or a service, not both.")
        rest = {key: item for key, item in value.items() if key != "service"}
        return self._at_home(reader, self.shape.read(reader, {**rest, "host": service or None}, at), at)

    def write(self, value: Any) -> dict[str, Any]:
        """The destination or mirror, with its host in full."""
        return self.shape.write(value)

    def _at_home(self, reader: Reader, made: Any, at: str) -> Any:
        if made is None:
            return None
        host = made.host if not made.host or "." in made.host else f"{made.host}.{self.namespace}.{SUFFIX}"
        if host == f"{self.own}.{self.namespace}.{SUFFIX}":
            host = None
        if host and made.version:
            reader.error(
                f"{at}.version", "Versions are known for the rule's own service only; name a subset."
            )
        if made.version and made.subset:
            reader.error(f"{at}.subset", "There can be either a version or a subset, not both.")
        return replace(made, host=host)


@dataclass(frozen=True)
class Destinations:
    """The destinations of a rule about a service, with weights that add up."""

    namespace: str
    own: str

    @property
    def inner(self) -> ListOf:
        """The list without what is asked of it as a whole."""
        return ListOf(Placed(_DESTINATION, self.namespace, self.own), MAX_DESTINATIONS, 1, "place", place)

    def read(self, reader: Reader, value: object, at: str) -> tuple[Destination, ...]:
        """The destinations; none where an error was noted."""
        before = len(reader.errors)
        made = self.inner.read(reader, value, at)
        if len(reader.errors) > before:
            return ()
        _weights(reader, made, at)
        return (replace(made[0], weight=None),) if len(made) == 1 else made

    def write(self, value: Any) -> list[Any]:
        """The destinations as a list."""
        return self.inner.write(value)


def place(item: Any) -> object:
    """What makes a destination or a mirror one and not another."""
    return item.host, item.version, item.subset, item.port


def _weights(reader: Reader, made: tuple[Destination, ...], at: str) -> None:
    if len(made) == 1:
        if made[0].weight not in (None, 100):
            reader.error(f"{at}[0].weight", "A single destination gets everything: 100, or no weight.")
        return
    lacking = [index for index, item in enumerate(made) if item.weight is None]
    for index in lacking:
        reader.error(f"{at}[{index}].weight", "Of several destinations, each one needs a weight.")
    total = sum(item.weight or 0 for item in made)
    if not lacking and total != 100:
        reader.error(at, f"The weights add up to {total}; they must add up to 100.")


def _redirect(reader: Reader, made: Redirect, at: str) -> None:
    not_empty(reader, made, at)
    if made.port and made.derive_port:
        reader.error(f"{at}.derive_port", "A redirect has either a port or derive_port, not both.")


PLACE: Final = {
    "host": leaves.HOST,
    "version": leaves.VERSION,
    "subset": leaves.VERSION,
    "port": leaves.PORT,
}
_DESTINATION: Final = Shape(Destination, {**PLACE, "weight": leaves.whole(0, 100), "headers": HEADERS})
REDIRECT: Final = Shape(
    Redirect,
    {
        "uri": leaves.PATH,
        "authority": leaves.AUTHORITY,
        "scheme": leaves.one_of(("http", "https")),
        "port": leaves.PORT,
        "derive_port": leaves.one_of(("FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT")),
        "redirect_code": leaves.one_of(REDIRECT_CODES),
    },
    _redirect,
)
DIRECT_RESPONSE: Final = Shape(
    DirectResponse,
    {"status": leaves.whole(200, 599), "body": leaves.text(MAX_BODY, lines=True)},
)
