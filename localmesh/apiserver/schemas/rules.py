"""The CEL rules of Istio's schemas, each with a Python twin that carries it out.

There is no CEL interpreter here, on purpose: the rules are few and known, so each is published as Istio
writes it and checked by a function that says the same. Source:
kubernetes/customresourcedefinitions.gen.yaml of istio.io/api 1.27.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from localmesh.apiserver.durations import BadDuration, seconds

_PORT_NAME = re.compile(r"^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in CEL, what to say where it does not hold, and its twin."""

    cel: str
    message: str
    holds: Callable[[Any], bool]


def _lasts_a_millisecond(value: str) -> bool:
    try:
        return seconds(value) >= 0.001
    except BadDuration:
        return False


def _count(value: dict[str, Any], *names: str) -> int:
    return sum(name in value for name in names)


def _at_most_one(message: str, *names: str) -> Rule:
    counted = " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names)
    return Rule(f"{counted} <= 1", message, lambda value: _count(value, *names) <= 1)


def _socket(value: str) -> str | None:
    """The path of a Unix domain socket's address."""
    return value.removeprefix("unix://") if value.startswith("unix://") else None


def _absolute_or_abstract(value: str) -> bool:
    path = _socket(value)
    return path is None or path[:1] in ("/", "@")


def _is_port(value: int) -> bool:
    return 0 < value <= 65535


def _source_is_one_kind(value: dict[str, Any]) -> bool:
    accounts = _count(value, "serviceAccounts", "notServiceAccounts")
    others = _count(value, "principals", "notPrincipals", "namespaces", "notNamespaces")
    return not accounts or not others


def _cidr_fits_resolution(value: dict[str, Any]) -> bool:
    ranges = any("/" in address for address in value.get("addresses", ()))
    return not ranges or value.get("resolution", "NONE") in ("STATIC", "NONE")


def _numbers_differ(ports: list[dict[str, Any]]) -> bool:
    numbers = [port.get("number") for port in ports]
    return len(set(numbers)) == len(numbers)


def _port_levels_select(value: dict[str, Any]) -> bool:
    return "portLevelMtls" not in value or bool(value.get("selector", {}).get("matchLabels"))


def _port_keys(value: dict[str, Any]) -> bool:
    return all(key.isdecimal() and _is_port(int(key)) for key in value)


DURATION = Rule(
    "duration(self) >= duration('1ms')", "must be a valid duration greater than 1ms", _lasts_a_millisecond
)
NO_WILDCARD_IN_SELECTOR = Rule(
    '!self.contains("*")', "wildcard is not supported in selector", lambda value: "*" not in value
)
NO_WILDCARD_IN_LABEL_VALUE = Rule(
    '!self.contains("*")', "wildcard not allowed in label value match", lambda value: "*" not in value
)
NO_WILDCARD_IN_LABEL_KEY = Rule(
    'self.all(key, !key.contains("*"))',
    "wildcard not allowed in label key match",
    lambda value: all("*" not in key for key in value),
)
LABEL_KEY = Rule("self.all(key, key.size() != 0)", "key must not be empty", all)
SAME_NAMESPACE = Rule(
    "self.size() == 0", "cross namespace referencing is not currently supported", lambda value: not value
)
PORT = Rule("0 < self && self <= 65535", "port must be between 1-65535", _is_port)
PORT_KEYS = Rule(
    "self.all(key, 0 < int(key) && int(key) <= 65535)", "port must be between 1-65535", _port_keys
)
PORT_NAMES = Rule(
    'self.all(key, size(key) < 63 && key.matches("^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$"))',
    "port name must be valid",
    lambda value: all(len(key) < 63 and _PORT_NAME.match(key) for key in value),
)
PORT_NUMBERS_DIFFER = Rule(
    "self.all(l1, self.exists_one(l2, l1.number == l2.number))",
    "port number cannot be duplicated",
    _numbers_differ,
)
SOCKET_ABSOLUTE = Rule(
    'self.startsWith("unix://") ? (self.substring(7, 8) == "/" || self.substring(7, 8) == "@") : true',
    "UDS must be an absolute path or abstract socket",
    _absolute_or_abstract,
)
SOCKET_NOT_A_FOLDER = Rule(
    'self.startsWith("unix://") ? !self.endsWith("/") : true',
    "UDS may not be a dir",
    lambda value: _socket(value) is None or not value.endswith("/"),
)
SOCKET_WITHOUT_PORTS = Rule(
    '(has(self.address) ? self.address : "").startsWith("unix://") ? !has(self.ports) : true',
    "UDS may not include ports",
    lambda value: not value.get("address", "").startswith("unix://") or "ports" not in value,
)
ADDRESS_OR_NETWORK = Rule(
    "has(self.address) || has(self.network)",
    "Address is required",
    lambda value: _count(value, "address", "network") > 0,
)
NOT_EVERY_HOST = Rule('self != "*"', "hostname cannot be wildcard", lambda value: value != "*")
CIDR_FITS_RESOLUTION = Rule(
    '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && '
    '!((has(self.resolution) ? self.resolution : "NONE") in ["STATIC", "NONE"]))',
    "CIDR addresses are allowed only for NONE/STATIC resolution types",
    _cidr_fits_resolution,
)
ROUND_ROBIN_OF_ONE = Rule(
    '((has(self.resolution) ? self.resolution : "") == "DNS_ROUND_ROBIN") ? '
    "((has(self.endpoints) ? self.endpoints : []).size() <= 1) : true",
    "DNS_ROUND_ROBIN mode cannot have multiple endpoints",
    lambda value: value.get("resolution") != "DNS_ROUND_ROBIN" or len(value.get("endpoints", ())) <= 1,
)
NONE_WITHOUT_ENDPOINTS = Rule(
    '((has(self.resolution) ? self.resolution : "NONE") == "NONE") ? !has(self.endpoints) : true',
    "NONE mode cannot set endpoints",
    lambda value: value.get("resolution", "NONE") != "NONE" or "endpoints" not in value,
)
SELECTOR_OR_ENDPOINTS = _at_most_one(
    "only one of WorkloadSelector or Endpoints can be set", "workloadSelector", "endpoints"
)
ONE_CREDENTIAL_NAME = _at_most_one(
    "only one of credentialName or credentialNames can be set", "credentialName", "credentialNames"
)
NAMES_OR_CERTIFICATES = _at_most_one(
    "only one of credentialName or tlsCertificates can be set", "credentialNames", "tlsCertificates"
)
CERTIFICATES_OR_NAMES = _at_most_one(
    "only one of credentialNames or tlsCertificates can be set", "tlsCertificates", "credentialNames"
)
ONE_KEY_SET = _at_most_one("only one of jwks or jwksUri can be set", "jwksUri", "jwks_uri", "jwks")
ONE_TARGET = _at_most_one(
    "only one of targetRefs or selector can be set", "selector", "targetRef", "targetRefs"
)
UPSERT_HAS_VALUE = Rule(
    '((has(self.operation) ? self.operation : "") == "UPSERT") ? (self.value != "") : true',
    "value must be set when operation is UPSERT",
    lambda value: value.get("operation") != "UPSERT" or bool(value.get("value")),
)
REMOVE_HAS_NONE = Rule(
    '((has(self.operation) ? self.operation : "") == "REMOVE") ? !has(self.value) : true',
    "value must not be set when operation is REMOVE",
    lambda value: value.get("operation") != "REMOVE" or "value" not in value,
)
HTTP_URL = Rule(
    'url(self).getScheme() in ["http", "https"]',
    "url must have scheme http:// or https://",
    lambda value: urlsplit(value).scheme in ("http", "https"),
)
SOURCE_IS_ONE_KIND = Rule(
    "(has(self.serviceAccounts) || has(self.notServiceAccounts)) ? (!has(self.principals) && "
    "!has(self.notPrincipals) && !has(self.namespaces) && !has(self.notNamespaces)) : true",
    "Cannot set serviceAccounts with namespaces or principals",
    _source_is_one_kind,
)
PORT_LEVELS_SELECT = Rule(
    "has(self.portLevelMtls) ? (((has(self.selector) && has(self.selector.matchLabels)) ? "
    "self.selector.matchLabels : {}).size() > 0) : true",
    "portLevelMtls requires selector",
    _port_levels_select,
)

_TWINS = {each.cel: each.holds for each in list(globals().values()) if isinstance(each, Rule)}


def holds(cel: str, value: Any) -> bool:
    """Whether a published rule holds for a value. Raises `KeyError` for a rule without a twin."""
    return _TWINS[cel](value)
