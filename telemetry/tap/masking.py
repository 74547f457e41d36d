"""What of a request may be shown to whoever may read the log: no value of a query, no long secret, no header.

People put tokens where they do not belong, and a log that one may read is not a page that others look at over
one's shoulder. Pure.
"""

import re
from typing import Final

MASK: Final = "***"
MAX_PATH: Final = 200
MAX_SEGMENT: Final = 40
KEPT_OF_SEGMENT: Final = 8
MAX_NAME: Final = 40
MAX_PARAMETERS: Final = 20
MAX_HOST: Final = 120
# What begins a query or a value, also where it is written as an escape.
_VALUE: Final = re.compile(r"(?i)=|%3d|%3f|%26")
_QUERY: Final = re.compile(r"[?#]")
_ABSOLUTE: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*://[^/?#]*")
_NAME: Final = re.compile(r"[A-Za-z0-9_.\[\]-]+")
_AGENTS: Final = (
    ("curl", "curl"),
    ("wget", "wget"),
    ("kube-probe", "kube-probe"),
    ("prometheus", "Prometheus"),
    ("envoy", "Envoy"),
    ("grpc", "gRPC"),
    ("go-http-client", "Go"),
    ("python", "Python"),
    ("java", "Java"),
    ("okhttp", "Java"),
    ("axios", "Node"),
    ("node", "Node"),
    ("mozilla", "browser"),
)


def path(text: str) -> str:
    """The path with every value of its query masked, and long segments cut: at most about 200 characters."""
    local = _ABSOLUTE.sub("", _plain(text), count=1) if "://" in text[:20] else _plain(text)
    place, *query = _QUERY.split(local, maxsplit=1)
    shown = "/".join(map(_segment, place.split("/")))
    if query:
        shown += "?" + _query(query[0])
    return shown if len(shown) <= MAX_PATH else shown[: MAX_PATH - 1] + "…"


def agent(text: str) -> str:
    """Which sort of client it says it is: of the header itself nothing is shown."""
    lowered = text[:300].lower()
    return next((shown for word, shown in _AGENTS if word in lowered), "other" if text else "")


def host(text: str) -> str:
    """The host that was asked for, with its port and without any name or password before it."""
    return _plain(text.rpartition("@")[2])[:MAX_HOST]


def _segment(text: str) -> str:
    """A part between slashes: what looks like the beginning of a value ends it, and so does its length."""
    found = _VALUE.search(text)
    if found:
        return _cut(text[: found.start()]) + "=" + MASK
    return _cut(text)


def _cut(text: str) -> str:
    return text if len(text) <= MAX_SEGMENT else text[:KEPT_OF_SEGMENT] + "…"


def _query(text: str) -> str:
    parts = re.split(r"[&;]", text)
    shown = "&".join(map(_parameter, parts[:MAX_PARAMETERS]))
    return shown if len(parts) <= MAX_PARAMETERS else shown + "&…"


def _parameter(text: str) -> str:
    name, sign, _ = text.partition("=")
    if not sign or len(name) > MAX_NAME or not _NAME.fullmatch(name):
        # Without a name all of it may be a value.
        return MASK if text else ""
    return f"{name}={MASK}"


def _plain(text: str) -> str:
    return "".join(char if char.isprintable() else "·" for char in text)
