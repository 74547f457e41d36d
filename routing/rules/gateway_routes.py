"""A route or a split that is to be written in the Gateway API's words. Pure.

Sources: https://gateway-api.sigs.k8s.io/api-types/httproute/, https://gateway-api.sigs.k8s.io/mesh/ (GAMMA)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE, VIRTUAL_SERVICE
from routing.rules.http.routes import ROUTE, Route
from routing.rules.reader import Reader, listed, quoted
from routing.rules.splits import SPLIT, Split
from routing.rules.word import Word

KINDS: Final = (HTTP_ROUTE.kind, GRPC_ROUTE.kind)
_INNER: Final[Mapping[str, Word[Any]]] = {word.kind: word for word in (ROUTE, SPLIT)}


@dataclass(frozen=True, slots=True)
class GatewayRoute:
    """A rule, written as an HTTPRoute or a GRPCRoute (`written_as`) whose parent is the service.

    For callers in the whole mesh (a producer's route, in the service's namespace), or for those in the
    namespace `consumer` only (a consumer's route, which stands there).
    """

    rule: Route | Split
    written_as: str = HTTP_ROUTE.kind
    consumer: str = ""

    @property
    def namespace(self) -> str:
        """The service's namespace."""
        return self.rule.namespace

    @property
    def service(self) -> str:
        """The service's name."""
        return self.rule.service

    @property
    def home(self) -> str:
        """The namespace of the object that it is written to."""
        return self.consumer or self.rule.namespace


def _read(reader: Reader, value: Mapping[str, object], field: str) -> GatewayRoute | None:
    fields = reader.members(value, field, {"kind", "rule", "as", "consumer"}) or {}
    written_as = fields.get("as", HTTP_ROUTE.kind)
    if not isinstance(written_as, str) or written_as not in KINDS:
        reader.error(f"{field}.as", f"{quoted(written_as)} is none of {listed(KINDS)}.")
    consumer = ""
    if fields.get("consumer") is not None:
        consumer = reader.name(fields["consumer"], f"{field}.consumer", "a namespace")
    rule = _inner(reader, fields.get("rule"), f"{field}.rule")
    if rule is None:
        return None
    return GatewayRoute(rule, str(written_as), "" if consumer == rule.namespace else consumer)


def _inner(reader: Reader, value: object, field: str) -> Route | Split | None:
    kind = value.get("kind") if isinstance(value, Mapping) else None
    word = _INNER.get(kind) if isinstance(kind, str) else None
    if word is None or not isinstance(value, Mapping):
        reader.error(field, f"This must be a rule of kind {' or '.join(_INNER)}.")
        return None
    found: Route | Split | None = word.read(reader, value, field)
    if isinstance(found, Split) and found.protocol != "http":
        reader.error(f"{field}.protocol", "Only requests are routed so; connections are not.")
    return found


def _write(rule: GatewayRoute) -> dict[str, Any]:
    word = ROUTE if isinstance(rule.rule, Route) else SPLIT
    inner: dict[str, Any] = {"kind": word.kind, **word.write(rule.rule)}  # type: ignore[arg-type]
    written: dict[str, Any] = {"as": rule.written_as, "rule": inner}
    return {**written, "consumer": rule.consumer} if rule.consumer else written


def _sets(rule: GatewayRoute) -> str:
    name = rule.rule.name if isinstance(rule.rule, Route) else ""
    what = f"route {name}" if name else "the default route"
    whom = f" for callers in {rule.consumer}" if rule.consumer else ""
    return f"{what} of {rule.namespace}/{rule.service} as {rule.written_as}{whom}"


GATEWAY_ROUTE: Final = Word(
    "gateway_route",
    GatewayRoute,
    _read,
    _write,
    _sets,
    reads=(HTTP_ROUTE, GRPC_ROUTE, VIRTUAL_SERVICE),
)
