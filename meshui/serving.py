"""How uvicorn is to serve the console: `manage.py serve` and the benchmark of viewers do it alike."""

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
