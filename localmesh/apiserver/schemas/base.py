"""The vocabulary in which the structures are written: the base class and the annotated types.

The keywords are those of Kubernetes's structural schemas. A rule in CEL is published as it stands and
carried out by its Python twin in `rules`.
"""

from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.rules import Rule


class Model(msgspec.Struct, rename="camel", omit_defaults=True):
    """A structure of the API. Fields without a default are required; None means that the field is absent.

    `at_most_one` names groups of fields (as on the wire) of which one at most may be set, `cel` are the
    rules for the whole.
    """

    at_most_one: ClassVar[tuple[tuple[str, ...], ...]] = ()
    cel: ClassVar[tuple[Rule, ...]] = ()


def extra(**keywords: Any) -> Meta:
    """A Meta that adds keywords to the schema; `_` in their names reads as `-`."""
    return Meta(extra_json_schema={key.replace("_", "-"): value for key, value in keywords.items()})


def rule(*found: Rule) -> Meta:
    """A Meta that adds CEL rules, each with its message."""
    published = [{"message": each.message, "rule": each.cel} for each in found]
    return Meta(extra_json_schema={"x-kubernetes-validations": published})


def keyed(*keys: str, atomic: bool = False) -> Meta:
    """A Meta for a list that strategic patches merge item by item, by the first key.

    Server-side apply tells items apart by all keys, or owns the list as a whole (`atomic`).
    """
    schema: dict[str, Any] = {"x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": keys[0]}
    if atomic:
        return Meta(extra_json_schema={"x-kubernetes-list-type": "atomic", **schema})
    named = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}
    return Meta(extra_json_schema={**named, **schema})


#: A list of scalars in which each occurs once.
UNIQUE = Meta(extra_json_schema={"x-kubernetes-list-type": "set", "x-kubernetes-patch-strategy": "merge"})
#: A list or an object that is owned and replaced as a whole.
ATOMIC_LIST = Meta(extra_json_schema={"x-kubernetes-list-type": "atomic"})
ATOMIC_MAP = Meta(extra_json_schema={"x-kubernetes-map-type": "atomic"})
#: A union whose other members go when one is set.
RETAIN_KEYS = Meta(extra_json_schema={"x-kubernetes-patch-strategy": "retainKeys"})
NULLABLE = Meta(extra_json_schema={"nullable": True})

UINT32_MAX = 4_294_967_295

Int32 = Annotated[int, Meta(extra_json_schema={"format": "int32"})]
Int64 = Annotated[int, Meta(extra_json_schema={"format": "int64"})]
UInt32 = Annotated[int, Meta(ge=0, le=UINT32_MAX)]
UInt64 = Annotated[int, Meta(ge=0)]
NullableUInt32 = Annotated[int, Meta(ge=0, le=UINT32_MAX), NULLABLE]
NullableBool = Annotated[bool, NULLABLE]
Double = Annotated[float, Meta(extra_json_schema={"format": "double"})]
Percentage = Annotated[float, Meta(ge=0, le=100, extra_json_schema={"format": "double", "nullable": True})]
Time = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Bytes = Annotated[str, Meta(extra_json_schema={"format": "byte"})]
IntOrString = Annotated[int | str, Meta(extra_json_schema={"x-kubernetes-int-or-string": True})]
#: An amount such as "500m" or 2; kept as it was written.
Quantity = Annotated[int | float | str, Meta(extra_json_schema={"x-kubernetes-int-or-string": True})]
#: An object of any shape.
Anything = Annotated[dict[str, Any], Meta(extra_json_schema={"x-kubernetes-preserve-unknown-fields": True})]

#: A Go duration of at least 1 ms, as Istio writes them: "1.5s", "200ms".
Duration = Annotated[str, rule(rules.DURATION)]

# Patterns of names. Source: the CustomResourceDefinitions of Istio and of Gateway API.
_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_DOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_PATH = r"\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+"
LABEL = f"^{_LABEL}$"
DOMAIN = f"^{_DOMAIN}$"
OPTIONAL_DOMAIN = f"^$|^{_DOMAIN}$"
WILDCARD_DOMAIN = rf"^(\*\.)?{_DOMAIN}$"
DOMAIN_AND_PATH = f"^{_DOMAIN}{_PATH}$"
KIND = "^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$"
HEADER_NAME = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$"
ADDRESS_TYPE = f"^Hostname|IPAddress|NamedAddress|{_DOMAIN}{_PATH}$"
LABEL_KEY = f"^({_DOMAIN}/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$"
PROTOCOL = rf"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|{_DOMAIN}\/[A-Za-z0-9]+$"
GATEWAY_DURATION = "^([0-9]{1,5}(h|m|s|ms)){1,4}$"
