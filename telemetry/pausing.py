"""Keeps Python from looking for cycles while a reading is made into graphs.

That makes hundreds of thousands of small tuples in a large mesh, none of which can be part of a cycle; to
look through all of them again and again would take longer than to make them.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_cycle_search() -> Iterator[None]:
    """For a stretch that does not wait for anything."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
