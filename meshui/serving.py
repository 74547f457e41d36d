"""How uvicorn is to serve the console: `manage.py serve` and the benchmark of viewers do it alike."""

import gc
from typing import Any, Final

# A console's commands are small; the 16 MiB that uvicorn allows by default is room for abuse.
WEBSOCKET_BYTES: Final = 64 * 1024

OPTIONS: Final[dict[str, Any]] = {
    "ws": "websockets-sansio",
    "ws_max_size": WEBSOCKET_BYTES,
    # Each view's frame is packed once for all its sockets instead (telemetry.packing).
    "ws_per_message_deflate": False,
    "lifespan": "on",
    "log_config": None,
    "access_log": False,
    "timeout_graceful_shutdown": 3,
}


def look_for_cycles_seldom() -> None:
    """Lets Python look for cyclic garbage a hundred times less often than it would, from now on.

    A search goes through all that is alive while every socket waits: with 2,000 open, frames reached the last
    of them after 286 ms at p99 with Python's own thresholds, after 116 ms with these. What is no cycle, and
    that is nearly all, is let go of at once as before.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
