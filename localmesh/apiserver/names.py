"""Names, labels and annotations: what Kubernetes allows.

Pure. Every name that arrives in a path or a body passes here, so that no path trick ("..", "%2e", an empty
name) can turn a request for one object into one for a collection. Source: "Object Names and IDs" in
Kubernetes's documentation.
"""

import re
from collections.abc import Iterator
from typing import Any

from localmesh.apiserver.errors import Cause

_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.ASCII)
_DNS_LABEL = re.compile(_LABEL, re.ASCII)
_DNS_1035 = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?", re.ASCII)
_QUALIFIED = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]", re.ASCII)

_SUBDOMAIN_TOLD = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', "
    "and must start "
    "and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_TOLD = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must "
    "start and end "
    "with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_DNS_1035_TOLD = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an "
    "alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_TOLD = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
    "and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used "
    "for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_KEY_TOLD = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end "
    "with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)

#: All annotations of an object together.
MAX_ANNOTATIONS_BYTES = 256 * 1024

#: Kinds whose names become parts of host names.
_LABEL_KINDS = ("Namespace",)
_DNS_1035_KINDS = ("Service",)
#: Roles may be called "system:admin"; their names are path segments and nothing else.
_SEGMENT_KINDS = ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")


def name_problem(kind: str, name: str) -> str | None:
    """What is wrong with an object's name; None when nothing is."""
    if kind in _SEGMENT_KINDS:
        return _segment_problem(name)
    if kind in _LABEL_KINDS:
        limit, pattern, told = 63, _DNS_LABEL, _LABEL_TOLD
    elif kind in _DNS_1035_KINDS:
        limit, pattern, told = 63, _DNS_1035, _DNS_1035_TOLD
    else:
        limit, pattern, told = 253, _SUBDOMAIN, _SUBDOMAIN_TOLD
    if len(name) > limit:
        return f"must be no more than {limit} characters"
    return None if pattern.fullmatch(name) else told


def is_path_name(name: str) -> bool:
    """Whether a path segment can be a name at all."""
    return _segment_problem(name) is None and len(name) <= 253 and name.isascii() and name.isprintable()


def _segment_problem(name: str) -> str | None:
    if name in ("", ".", ".."):
        return f"may not be '{name}'"
    return next((f"may not contain '{each}'" for each in "/%\\\0" if each in name), None)


def label_problems(labels: Any, at: str) -> Iterator[Cause]:
    """What is wrong with a map of labels."""
    if not isinstance(labels, dict):
        return
    for key, value in labels.items():
        yield from key_problems(key, at)
        if not isinstance(value, str) or not value:
            continue
        if len(value) > 63:
            yield Cause(at, f'Invalid value: "{value}": must be no more than 63 characters')
        elif not _QUALIFIED.fullmatch(value):
            yield Cause(at, f'Invalid value: "{value}": {_VALUE_TOLD}')


def key_problems(key: str, at: str) -> Iterator[Cause]:
    """What is wrong with the key of a label or annotation."""
    prefix, slash, name = key.rpartition("/")
    if slash and not _SUBDOMAIN.fullmatch(prefix):
        yield Cause(at, f'Invalid value: "{key}": prefix part {_SUBDOMAIN_TOLD}')
    if len(name) > 63:
        yield Cause(at, f'Invalid value: "{key}": name part must be no more than 63 characters')
    elif not _QUALIFIED.fullmatch(name):
        yield Cause(at, f'Invalid value: "{key}": {_KEY_TOLD}')


def annotation_problems(annotations: Any, at: str) -> Iterator[Cause]:
    """What is wrong with a map of annotations."""
    if not isinstance(annotations, dict):
        return
    for key in annotations:
        yield from key_problems(key.lower(), at)
    size = sum(len(f"{key}{value}".encode()) for key, value in annotations.items())
    if size > MAX_ANNOTATIONS_BYTES:
        yield Cause(at, f"Too long: may not be more than {MAX_ANNOTATIONS_BYTES} bytes", "FieldValueTooLong")
