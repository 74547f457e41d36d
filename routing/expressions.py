"""Regular expressions as Envoy has them: RE2, which never takes long. Pure.

Source: https://github.com/google/re2/wiki/Syntax
"""

from functools import lru_cache
from typing import Any, Final

import re2

LONGEST: Final = 1024
"""Characters of the longest expression that istiod passes on to Envoy."""
_QUIET: Final = re2.Options()
_QUIET.log_errors = False


@lru_cache(maxsize=4096)
def compiled(text: str) -> Any:
    """An expression, compiled. Raises ValueError, which says why, for one that RE2 refuses."""
    try:
        return re2.compile(text, _QUIET)
    except re2.error as refusal:
        why = refusal.args[0] if refusal.args else ""
        told = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
        raise ValueError(told[:120]) from refusal
    except UnicodeError as refusal:
        raise ValueError("it holds characters that no expression can") from refusal
