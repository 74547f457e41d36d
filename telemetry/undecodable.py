"""What reading another's JSON may end in. Pure."""

from typing import Final

import msgspec

UNDECODABLE: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Not JSON, or not the expected one; no UTF-8; nested deeper than anybody means well."""
