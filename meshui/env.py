"""Typed readers of environment variables: a wrong setting stops the start with its name and the reason.

Knows nothing of Django: settings.py is its only caller in the product.
"""

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

IN_CLUSTER: Final = "in-cluster"
_DNS_LABEL: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_BRACES: Final = re.compile(r"{([^{}]*)}")


class SettingError(Exception):
    """A setting has a value that cannot be used; the message names it and says what would do."""


class Cluster(NamedTuple):
    """One cluster: the name it has in addresses, and where it is.

    `kubeconfig` is a path (or several, separated by colons), empty for the one that this process runs in.
    `context` is one of its contexts, empty for the current one.
    """

    name: str
    kubeconfig: str
    context: str


def text(name: str, default: str) -> str:
    """A string, or its default when the variable is unset or empty."""
    return os.environ.get(name, "") or default


def text_or_file(name: str) -> str:
    """JSON, or what stands in the file of this path; empty when the variable is."""
    value = os.environ.get(name, "").strip()
    if not value or value[0] in "[{":
        return value
    try:
        return Path(value).read_text(encoding="utf-8")
    except (OSError, UnicodeError, ValueError) as error:
        raise SettingError(f"{name} is neither JSON nor a file that can be read: {error}.") from error


def ratios(degraded: str, failing: str, *defaults: float) -> tuple[float, float]:
    """Two parts of a whole (0-1), of which the second is no smaller."""
    lower, upper = (
        number(name, default, minimum=0, maximum=1)
        for name, default in zip((degraded, failing), defaults, strict=True)
    )
    if lower > upper:
        raise SettingError(f"{degraded} is {lower:g}, which is more than {failing} ({upper:g}).")
    return lower, upper


def cluster_ids(name: str) -> dict[str, str]:
    """What Istio calls the clusters: `id` of the default one (under the empty name), or `name=id` of each."""
    found: dict[str, str] = {}
    for entry in words(name, []):
        before, equals, after = (part.strip() for part in entry.partition("="))
        cluster, cluster_id = (before, after) if equals else ("", before)
        if not cluster_id or (equals and not cluster):
            raise SettingError(f"{name} has {entry!r}; it must be an id, or name=id.")
        if cluster in found:
            raise SettingError(f"{name} names {cluster or 'the default cluster'!r} twice.")
        found[cluster] = cluster_id
    return found


def boolean(name: str, *, default: bool = False) -> bool:
    """Only "True", "False" or empty: "false" read as true by a lenient parser has opened many a door."""
    value = os.environ.get(name, "")
    if value == "":
        return default
    if value not in ("True", "False"):
        raise SettingError(f"{name} is {value!r}; it must be True or False.")
    return value == "True"


def number(name: str, default: float, *, minimum: float, maximum: float) -> float:
    """A number within bounds."""
    raw = os.environ.get(name, "")
    try:
        value = float(raw) if raw else default
    except ValueError:
        raise SettingError(f"{name} is {raw!r}; it must be a number.") from None
    if not minimum <= value <= maximum:
        raise SettingError(f"{name} is {value:g}; it must be between {minimum:g} and {maximum:g}.")
    return value


def words(name: str, default: list[str]) -> list[str]:
    """A list separated by commas."""
    raw = os.environ.get(name, "")
    return [word.strip() for word in raw.split(",") if word.strip()] if raw else default


def choice(name: str, default: str, *others: str) -> str:
    """One of a few words."""
    value = text(name, default)
    if value not in (default, *others):
        raise SettingError(f"{name} is {value!r}; it must be {' or '.join((default, *others))}.")
    return value


def namespaces(name: str) -> list[str]:
    """Names of namespaces, separated by commas."""
    found = words(name, [])
    for word in found:
        if not _DNS_LABEL.fullmatch(word):
            raise SettingError(f"{name} has {word!r}, which cannot be the name of a namespace.")
    return found


def namespace(name: str) -> str | None:
    """The name of a namespace; empty where the variable is unset; None for `-`, which means in none."""
    value = text(name, "")
    if value and value != "-" and not _DNS_LABEL.fullmatch(value):
        raise SettingError(f"{name} is {value!r}; it must be the name of a namespace, or - for none.")
    return None if value == "-" else value


def clusters(name: str, context_name: str) -> list[Cluster]:
    """The clusters, the default one first: `east=/path/to/kubeconfig#context,west=#context,here=in-cluster`.

    Unset, there is one, `default`: that of KUBECONFIG, in the context that the variable `context_name` names,
    or without KUBECONFIG the one that this process runs in.
    """
    kubeconfig, context = text("KUBECONFIG", ""), text(context_name, "")
    entries = words(name, [])
    if context and (entries or not kubeconfig):
        beside = f"beside {name}: name the context there" if entries else "without KUBECONFIG"
        raise SettingError(f"{context_name} has no meaning {beside}.")
    if not entries:
        return [Cluster("default", kubeconfig, context)]
    found: dict[str, Cluster] = {}
    for entry in entries:
        cluster = _cluster(name, entry, kubeconfig)
        if cluster.name in found:
            raise SettingError(f"{name} names {cluster.name!r} twice.")
        found[cluster.name] = cluster
    return list(found.values())


def _cluster(setting: str, entry: str, kubeconfig: str) -> Cluster:
    name, equals, where = (part.strip() for part in entry.partition("="))
    if not equals:
        raise SettingError(
            f"{setting} has {entry!r}; it must be name=kubeconfig#context or name={IN_CLUSTER}."
        )
    if not _DNS_LABEL.fullmatch(name):
        raise SettingError(f"{setting} has {name!r}; a cluster's name is of a-z, 0-9 and '-' inside.")
    path, _, context = where.partition("#")
    if path == IN_CLUSTER:
        if context:
            raise SettingError(f"{setting}: {name} is {IN_CLUSTER} and has no context {context!r}.")
        return Cluster(name, "", "")
    if not path and not kubeconfig:
        raise SettingError(f"{setting}: {name} names no kubeconfig, and KUBECONFIG is not set.")
    return Cluster(name, path or kubeconfig, context)


def link(name: str, placeholders: Sequence[str]) -> str:
    """The address of another console's page, with `{placeholders}` to be filled in; empty: there is none.

    The placeholders may stand anywhere behind the host, which no name of the mesh may change.
    """
    raw = text(name, "").strip()
    if not raw:
        return ""
    try:
        address = urlsplit(raw)
        valid = address.scheme in ("http", "https") and address.hostname and "@" not in address.netloc
        valid = valid and (address.port is None or address.port > 0)
    except ValueError:
        valid = False
    if not valid or not raw.isprintable() or " " in raw:
        raise SettingError(f"{name} is {raw!r}; it must be an address that begins with https:// or http://.")
    if "{" in address.netloc:
        raise SettingError(f"{name}: the host {address.netloc!r} cannot have a placeholder in it.")
    unknown = _BRACES.sub("", raw)
    for word in _BRACES.findall(raw):
        if word not in placeholders:
            known = ", ".join(f"{{{each}}}" for each in placeholders)
            raise SettingError(f"{name} has {{{word}}}; what can be filled in is {known}.")
    if "{" in unknown or "}" in unknown:
        raise SettingError(f"{name} has a brace that belongs to no placeholder; write it as %7B or %7D.")
    return raw


def directory(name: str, default: Path) -> Path:
    """A folder, made when it is missing and readable by its owner only."""
    path = Path(text(name, str(default))).absolute()
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def secret(name: str, file: Path) -> str:
    """A secret from the variable, from the file that `<name>_FILE` names, or made once and kept in `file`."""
    value = os.environ.get(name, "")
    if value:
        if len(value) < 32:
            raise SettingError(f"{name} has {len(value)} characters; at least 32 are needed.")
        return value
    named = os.environ.get(f"{name}_FILE", "")
    if named:
        return Path(named).read_text(encoding="utf-8").strip()
    return _kept_secret(file)


def _kept_secret(file: Path) -> str:
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text(encoding="utf-8").strip()
    value = secrets.token_urlsafe(48)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(value)
    return value
