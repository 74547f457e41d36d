"""A message as it goes onto the wire: made once, whoever gets it. Pure.

Packed with deflate (RFC 1951, without a header), once for all sockets of a view. The compression that
websockets have themselves (RFC 7692) would do it again for each socket; docs/decisions/0013 has the figures.
"""

import zlib
from functools import cached_property
from typing import Final

LEVEL: Final = 1
PACKED_FROM_BYTES: Final = 1024
"""Below this, it is not worth the browser's work."""


class Frame(bytes):
    """The bytes of one message, as JSON in UTF-8."""

    @cached_property
    def words(self) -> str:
        """As text."""
        return self.decode()

    @cached_property
    def packed(self) -> bytes:
        """Deflated, without a header."""
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
        return packer.compress(self) + packer.flush()

    @property
    def is_worth_packing(self) -> bool:
        """Whether enough is saved."""
        return len(self) >= PACKED_FROM_BYTES
