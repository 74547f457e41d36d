"""Which requests a rule is about: conditions on them, all of which must hold. Pure.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#HTTPMatchRequest
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, cast

from routing.rules import leaves
from routing.rules.reader import Reader, listed, quoted
from routing.rules.shape import Field, ListOf, MapOf, Shape, not_empty

MAX_MATCHES: Final = 50
MAX_CONDITIONS: Final = 50
How: TypeAlias = Literal["exact", "prefix", "regex", "present"]


@dataclass(frozen=True, slots=True)
class StringMatch:
    """A text to compare with; `value` is empty where only being there counts (`present`)."""

    how: How
    value: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """Conditions on a request. `ignore_uri_case` is for `uri` alone; headers are in lower case."""

    uri: StringMatch | None = None
    method: StringMatch | None = None
    scheme: StringMatch | None = None
    authority: StringMatch | None = None
    headers: Mapping[str, StringMatch] = field(default_factory=dict, hash=False)
    without_headers: Mapping[str, StringMatch] = field(default_factory=dict, hash=False)
    query_params: Mapping[str, StringMatch] = field(default_factory=dict, hash=False)
    source_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    source_namespace: str | None = None
    gateways: tuple[str, ...] = ()
    port: int | None = None
    ignore_uri_case: bool = False


_TEXT: Final = leaves.text()


@dataclass(frozen=True)
class _Strings:
    """A StringMatch: an object with one of the ways to compare. `exact` checks a text that stands for itself,
    `prefix` the beginning of one.
    """

    exact: Field = _TEXT
    prefix: Field = _TEXT
    present: bool = False

    def read(self, reader: Reader, value: object, at: str) -> StringMatch | None:
        """The comparison; None where an error was noted."""
        known = {"exact": self.exact, "prefix": self.prefix, "regex": leaves.REGEX}
        names = [*known, "present"] if self.present else [*known]
        fields = reader.members(value, at, names)
        if fields is None:
            return None
        given = [name for name in names if fields.get(name) is not None]
        if len(given) != 1:
            reader.error(at, f"This must have exactly one of {listed(names)}.")
            return None
        how, text = given[0], fields[given[0]]
        if how != "present":
            return StringMatch(cast("How", how), str(known[how].read(reader, text, f"{at}.{how}")))
        if text is not True:
            reader.error(f"{at}.present", f"{quoted(text)} must be true.")
        return StringMatch("present")

    def write(self, value: StringMatch) -> dict[str, Any]:
        """`{"exact": "jason"}`."""
        return {value.how: value.value or value.how == "present"}


STRING: Final = _Strings()
_PRESENT: Final = _Strings(present=True)
_QUERY: Final = MapOf(leaves.text(256), _PRESENT, MAX_CONDITIONS)


def _check(reader: Reader, made: Match, at: str) -> None:
    not_empty(reader, made, at)
    if made.ignore_uri_case and (made.uri is None or made.uri.how == "regex"):
        reader.error(
            f"{at}.ignore_uri_case", "This needs a uri with exact or prefix; a regex says (?i) itself."
        )


MATCH: Final = Shape(
    Match,
    {
        "uri": _Strings(exact=leaves.PATH, prefix=leaves.PATH),
        "method": _Strings(exact=leaves.METHOD, prefix=leaves.METHOD),
        "scheme": _Strings(exact=leaves.one_of(("http", "https"))),
        "authority": _Strings(exact=leaves.AUTHORITY),
        "headers": MapOf(leaves.MATCHED_HEADER, _PRESENT, MAX_CONDITIONS),
        "without_headers": MapOf(leaves.MATCHED_HEADER, _PRESENT, MAX_CONDITIONS),
        "query_params": _QUERY,
        "source_labels": MapOf(leaves.LABEL_NAME, leaves.LABEL_VALUE, MAX_CONDITIONS),
        "source_namespace": leaves.NAMESPACE,
        "gateways": ListOf(leaves.GATEWAY, MAX_CONDITIONS),
        "port": leaves.PORT,
        "ignore_uri_case": leaves.FLAG,
    },
    _check,
)


MATCHES: Final = ListOf(MATCH, MAX_MATCHES, once="match")
