"""The fields of an http route, as rules say them and as Istio does. Pure.

Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing.istio.hosts import fqdn, service_host
from routing.istio.subsets import Subsets
from routing.rules.codec import (
    ABSENT,
    DURATION,
    Codec,
    Json,
    Leaf,
    ListOf,
    MapOf,
    Object,
    number,
    placed,
    plain,
)

_HOW: Final = ("exact", "prefix", "regex")
MATCH: Final = "match"


@dataclass(frozen=True, slots=True)
class Home:
    """What names mean here: the service of the rule, its subsets, and the namespace of the VirtualService."""

    namespace: str
    service: str
    subsets: Subsets
    virtual_service: str

    @property
    def host(self) -> str:
        """The full host of the service."""
        return service_host(self.namespace, self.service)

    def full(self, host: str) -> str:
        """A host of the VirtualService in full."""
        return fqdn(host, self.virtual_service)

    def short(self, host: str) -> str:
        """A full host as it is usually written in the VirtualService."""
        return self.service if host == self.host and self.virtual_service == self.namespace else host


def _percentage(raw: float) -> float:
    return round(number(raw), 4)


def _string(raw: Mapping[str, Any]) -> Json:
    if not set(raw) <= set(_HOW) or len(raw) > 1:
        raise ValueError
    (how, text), *_ = [*raw.items(), ("exact", "")]
    if not isinstance(text, str):
        raise TypeError
    return {how: text} if text else {"present": True}


def _string_back(value: Mapping[str, Any]) -> dict[str, Any]:
    return {} if value.get("present") else dict(value)


def _conditions(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def _lower(raw: list[str]) -> list[str]:
    if not isinstance(raw, list):
        raise TypeError
    return [name.lower() for name in raw]


def _yes(raw: bool) -> Json:  # noqa: FBT001  (a value that is read)
    return ABSENT if raw is False else raw


def _grpc(raw: str) -> str:
    return raw.upper()


SAME: Final = Leaf()
_VALUE: Final = Leaf(empty=())
_PERCENT: Final = Leaf(_percentage, plain)
_STRING: Final = Leaf(_string, _string_back)
_STRINGS: Final = MapOf(_STRING)
_HEADERS_MATCH: Final = MapOf(_STRING, str.lower)
_VALUES: Final = MapOf(_VALUE, str.lower)
_OPERATIONS: Final = Object(placed({"set": _VALUES, "add": _VALUES, "remove": Leaf(_lower)}))
_HEADERS: Final = Object(placed({"request": _OPERATIONS, "response": _OPERATIONS}))
_MATCH: Final = Object(
    placed(
        {
            "uri": _STRING,
            "method": _STRING,
            "scheme": _STRING,
            "authority": _STRING,
            "headers": _HEADERS_MATCH,
            "without_headers": _HEADERS_MATCH,
            "query_params": _STRINGS,
            "source_labels": MapOf(_VALUE),
            "source_namespace": SAME,
            "gateways": SAME,
            "port": SAME,
            "ignore_uri_case": Leaf(_yes),
        }
    )
)
MATCHES: Final = ListOf(_MATCH, by_place=True)
_REDIRECT: Final = Object(
    placed(dict.fromkeys(("uri", "authority", "scheme", "port", "derive_port", "redirect_code"), SAME))
)
_DIRECT_RESPONSE: Final = Object(placed({"status": SAME, "body": SAME}, body="body.string"))
_REGEX: Final = Object(placed({"match": SAME, "rewrite": _VALUE}))
_REWRITE: Final = Object(placed({"uri": SAME, "authority": SAME, "regex": _REGEX}, regex="uriRegexRewrite"))
_CORS: Final = Object(
    placed(
        {
            "allow_origins": ListOf(_STRING),
            "allow_methods": SAME,
            "allow_headers": SAME,
            "expose_headers": SAME,
            "max_age": DURATION,
            "allow_credentials": SAME,
            "unmatched_preflights": SAME,
        }
    )
)
_RETRIES: Final = Object(
    placed(
        {
            "attempts": SAME,
            "per_try_timeout": DURATION,
            "retry_on": Leaf(_conditions, ",".join),
            "backoff": DURATION,
            "retry_remote_localities": SAME,
            "retry_ignore_previous_hosts": SAME,
        }
    )
)
_DELAY: Final = Object(
    placed({"percentage": _PERCENT, "fixed_delay": DURATION}, percentage="percentage.value")
)
_ABORT: Final = Object(
    placed(
        {"percentage": _PERCENT, "http_status": SAME, "grpc_status": Leaf(_grpc)},
        percentage="percentage.value",
    )
)
_FAULT: Final = Object(placed({"delay": _DELAY, "abort": _ABORT}))


@dataclass(frozen=True)
class _Weighted:
    """Destinations: a single one gets everything, whatever its weight says; else a missing weight is 0."""

    inner: ListOf

    def decode(self, raw: Any, at: str, lost: list[str]) -> Json:
        """The destinations, each with its weight where there are several."""
        found = self.inner.decode(raw, at, lost)
        if found is ABSENT:
            return ABSENT
        if len(found) == 1:
            return [{key: value for key, value in found[0].items() if key != "weight"}]
        return [{**item, "weight": item.get("weight", 0)} for item in found]

    def encode(self, value: Json, old: Any) -> Any:
        """The destinations; a weight that says nothing new stays as it is written."""
        made = self.inner.encode(value, old)
        if len(value) > 1:
            return made
        if isinstance(old, list) and len(old) == 1 and "weight" in old[0]:
            return [{**made[0], "weight": old[0]["weight"]}]
        return [{key: item for key, item in made[0].items() if key != "weight"}]


def place(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """What makes a destination or a mirror one and not another."""
    return tuple(item.get(name) for name in ("host", "version", "subset", "port"))


def route_fields(home: Home) -> Object:
    """An http route, without its name: what a rule says of it, in the words of rules."""
    there: dict[str, Codec] = {"host": Leaf(home.full, home.short), "subset": SAME, "port": SAME}
    wires = {"host": "destination.host", "subset": "destination.subset", "port": "destination.port.number"}
    weighted = placed({**there, "weight": SAME, "headers": _HEADERS}, **wires)
    everything = Leaf(_percentage, plain, default=100.0)
    mirrored = placed({**there, "percentage": everything}, **wires, percentage="percentage.value")
    destination = Object(weighted, _inward(home), _outward(home))
    mirror = Object(mirrored, _inward(home), _outward(home))
    members: dict[str, Codec] = {
        MATCH: MATCHES,
        "destinations": _Weighted(ListOf(destination, (place,))),
        "redirect": _REDIRECT,
        "direct_response": _DIRECT_RESPONSE,
        "headers": _HEADERS,
        "rewrite": _REWRITE,
        "cors": _CORS,
        "mirrors": ListOf(mirror, (place,)),
        "timeout": DURATION,
        "retries": _RETRIES,
        "fault": _FAULT,
    }
    return Object(placed(members, destinations="route", cors="corsPolicy"))


def _inward(home: Home) -> Any:
    """Istio's host and subset as a rule says them: its own service is not named, a version by its name."""

    def inward(found: dict[str, Json]) -> dict[str, Json]:
        subset, own = found.get("subset"), found.get("host") == home.host
        version = home.subsets.versions.get(subset, "") if own and isinstance(subset, str) else ""
        rest = {key: value for key, value in found.items() if not (key == "host" and own)}
        if not version or home.subsets.by_version.get(version) != subset:
            return rest
        return {"version": version, **{key: value for key, value in rest.items() if key != "subset"}}

    return inward


def _outward(home: Home) -> Any:
    def outward(value: dict[str, Json]) -> dict[str, Json]:
        found = {"host": home.host, **value}
        version = found.pop("version", None)
        return found if version is None else {**found, "subset": home.subsets.by_version[version]}

    return outward
