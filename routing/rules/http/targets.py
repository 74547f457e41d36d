"""Which route of a service a rule is about: one by its name, or the default route. Pure."""

from collections.abc import Mapping
from typing import Final

from routing.rules import leaves
from routing.rules.reader import Reader, listed, quoted

DEFAULT: Final = ""
"""The name by which rules know the default route, whatever it is called in the VirtualService."""
ALL: Final = "*"
"""The name by which a policy knows all routes; no route can be called so."""


def read_target(reader: Reader, fields: Mapping[str, object], field: str, *, may_be_all: bool = False) -> str:
    """The name of a route from `name`, `default` or `all`, exactly one of which is there."""
    words = ["name", "default", *(["all"] if may_be_all else [])]
    given = [word for word in words if fields.get(word) not in (None, False)]
    if len(given) != 1:
        reader.error(f"{field}.name", f"This needs exactly one of {listed(words)}.")
        return DEFAULT
    if given[0] == "name":
        return str(leaves.ROUTE_NAME.read(reader, fields["name"], f"{field}.name"))
    if fields[given[0]] is not True:
        reader.error(f"{field}.{given[0]}", f"{quoted(fields[given[0]])} must be true.")
    return ALL if given[0] == "all" else DEFAULT


def write_target(name: str) -> dict[str, object]:
    """A target as `read_target` reads it."""
    if name in (DEFAULT, ALL):
        return {"default" if name == DEFAULT else "all": True}
    return {"name": name}


def told(name: str) -> str:
    """A target in words: `the default route`."""
    return {DEFAULT: "the default route", ALL: "all routes"}.get(name, f"route {name}")
