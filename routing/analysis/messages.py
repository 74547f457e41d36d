"""The table of all codes that an analyzer may use. Pure. docs/analysis.md has a heading for each."""

from collections.abc import Mapping
from typing import Final

from routing.analysis.codes import Level, Message
from routing.analysis.istio_codes import ISTIO
from routing.analysis.own_codes import OWN

TABLE: Final[Mapping[str, Message]] = {message.code: message for group in (ISTIO, OWN) for message in group}


def level(code: str) -> Level:
    """The level of a code. Raises KeyError for a code that is not in the table."""
    return TABLE[code].level
