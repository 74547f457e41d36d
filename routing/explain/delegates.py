"""The rules of a VirtualService as they are in force: names in full, delegates put in their place. Pure.

A rule that delegates is replaced by the rules of the VirtualService it names, one level deep, each narrowed
by the conditions of the rule that delegates; what contradicts them is left out.
Source: https://istio.io/latest/docs/reference/config/networking/virtual-service/#Delegate and istio.io/istio,
pilot/pkg/model (the merge of delegates).
"""

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.refs import Manifest
from routing import gatewayapi
from routing.explain import strings, values
from routing.istio import hosts

_INHERITED: Final = (
    "rewrite", "directResponse", "timeout", "retries", "fault", "mirror", "mirrorPercent", "mirrorPercentage",
    "corsPolicy", "mirrors", "headers",
)  # fmt: skip
_STRINGS: Final = ("uri", "scheme", "method", "authority")
_TABLES: Final = ("headers", "withoutHeaders", "queryParams")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One rule to ask, in order: where it stands, and, where it can never apply, why (`refused`).

    `spec`: with hosts and gateways in full. `via`: the rule that delegates to it, or empty.
    """

    resource: str
    path: str
    spec: Mapping[str, Any]
    via: str = ""
    refused: str = ""
    of_gateway_api: bool = False

    def match_path(self, index: int) -> str:
        """Where one of its matches stands; of a route each match is a candidate of its own."""
        return self.path if self.of_gateway_api else f"{self.path}.match[{index}]"


def candidates(virtual_service: Manifest, everything: tuple[Manifest, ...], kind: str) -> Iterator[Candidate]:
    """The rules of a kind (`http`, `tcp`, `tls`) of a VirtualService, or of the routes that one stands for.

    `everything`: the VirtualServices among which delegates are looked up.
    """
    if gatewayapi.is_meant(virtual_service):
        for each in gatewayapi.meant(virtual_service) if kind == "http" else ():
            yield Candidate(each.resource, each.path, each.spec, "", each.refused, of_gateway_api=True)
        return
    resource = hosts.name_of(virtual_service)
    for index, spec in enumerate(values.mappings(virtual_service["spec"].get(kind))):
        rule, path = in_full(spec, hosts.namespace_of(virtual_service)), f"spec.{kind}[{index}]"
        if kind == "http" and values.mapping(spec.get("delegate")):
            yield from _delegated(virtual_service, rule, path, everything)
        else:
            yield Candidate(resource, path, rule)


def gateway_name(name: str, namespace: str) -> str:
    """`namespace/name` of a gateway as a VirtualService of a namespace writes it; `mesh` stays as it is."""
    if name == hosts.MESH:
        return name
    place, slash, rest = name.partition("/")
    if slash:
        return f"{namespace}/{rest}" if place == "." else name
    short, dot, domain = name.partition(".")
    # The old way to name one: its host. What follows the first dot is the namespace.
    return f"{domain.partition('.')[0]}/{short}" if dot else f"{namespace}/{name}"


def in_full(spec: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """A copy of a rule whose hosts and gateways are named in full."""
    rule = copy.deepcopy(dict(spec))
    for match in values.mappings(rule.get("match")):
        if isinstance(match, dict) and match.get("gateways"):
            match["gateways"] = [gateway_name(name, namespace) for name in values.texts(match["gateways"])]
    for destination in _destinations(rule):
        host = values.text(destination.get("host"))
        if host:
            destination["host"] = hosts.fqdn(host, namespace)
    return rule


def _destinations(rule: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    found = [values.mapping(each).get("destination") for each in values.mappings(rule.get("route"))]
    found += [each.get("destination") for each in values.mappings(rule.get("mirrors"))]
    yield from (each for each in [*found, rule.get("mirror")] if isinstance(each, dict))


def _delegated(
    virtual_service: Manifest, rule: Mapping[str, Any], path: str, everything: tuple[Manifest, ...]
) -> Iterator[Candidate]:
    resource, home = hosts.name_of(virtual_service), hosts.namespace_of(virtual_service)
    wanted = values.mapping(rule["delegate"])
    place, name = values.text(wanted.get("namespace")) or home, values.text(wanted.get("name"))
    delegate = next((each for each in everything if _is(each, place, name)), None)
    told = f"VirtualService {place}/{name}"
    if delegate is None:
        yield Candidate(resource, path, rule, refused=f"it delegates to {told}, which does not exist")
    elif hosts.hosts_of(delegate):
        refused = f"it delegates to {told}, which has hosts of its own and so is no delegate"
        yield Candidate(resource, path, rule, refused=refused)
    elif not hosts.visible(delegate, home):
        refused = f"it delegates to {told}, which is not exported to namespace {home}"
        yield Candidate(resource, path, rule, refused=refused)
    else:
        yield from _narrowed(delegate, rule, f"{resource} {path}")


def _narrowed(delegate: Manifest, root: Mapping[str, Any], via: str) -> Iterator[Candidate]:
    resource = hosts.name_of(delegate)
    for index, spec in enumerate(values.mappings(delegate["spec"].get("http"))):
        path, rule = f"spec.http[{index}]", in_full(spec, hosts.namespace_of(delegate))
        matches = _matches(values.mappings(root.get("match")), values.mappings(rule.get("match")))
        if rule.get("delegate"):
            refused = "it delegates again, which is only allowed once"
        elif matches is None:
            refused = f"its conditions contradict those of {via}, which delegates to it"
        else:
            refused = ""
            inherited = {field: root[field] for field in _INHERITED if root.get(field) is not None}
            given = {name: value for name, value in rule.items() if value is not None}
            rule = {**inherited, **given, "match": matches, "name": _named(root, rule)}
        yield Candidate(resource, path, rule, via, refused)


def _is(manifest: Manifest, namespace: str, name: str) -> bool:
    return hosts.namespace_of(manifest) == namespace and manifest["metadata"]["name"] == name


def _named(root: Mapping[str, Any], leaf: Mapping[str, Any]) -> str:
    names = (values.text(root.get("name")), values.text(leaf.get("name")))
    return "-".join(name for name in names if name)


def _matches(
    roots: list[Mapping[str, Any]], leaves: list[Mapping[str, Any]]
) -> list[Mapping[str, Any]] | None:
    """The conditions of both; None where one of the delegate's contradicts all of the root's."""
    if not roots or not leaves:
        return roots or leaves
    found: list[Mapping[str, Any]] = []
    for leaf in leaves:
        merged = [_merged(root, leaf) for root in roots if not _contradict(root, leaf)]
        if not merged:
            return None
        found += merged
    return found


def _merged(root: Mapping[str, Any], leaf: Mapping[str, Any]) -> Mapping[str, Any]:
    tables = {
        table: {**values.mapping(root.get(table)), **values.mapping(leaf.get(table))}
        for table in (*_TABLES, "sourceLabels")
    }
    given = {name: value for name, value in leaf.items() if value not in (None, "", [], 0)}
    return {**root, **given, **{name: table for name, table in tables.items() if table}}


def _contradict(root: Mapping[str, Any], leaf: Mapping[str, Any]) -> bool:
    if any(_strings_contradict(root.get(part), leaf.get(part)) for part in _STRINGS):
        return True
    for table in _TABLES:
        above = values.mapping(root.get(table))
        for name, each in values.mapping(leaf.get(table)).items():
            if name in above and _strings_contradict(above[name], each):
                return True
    return _callers_contradict(root, leaf)


def _callers_contradict(root: Mapping[str, Any], leaf: Mapping[str, Any]) -> bool:
    above, below = values.whole(root.get("port")), values.whole(leaf.get("port"))
    labels, narrower = values.mapping(root.get("sourceLabels")), values.mapping(leaf.get("sourceLabels"))
    gateways, fewer = values.texts(root.get("gateways")), values.texts(leaf.get("gateways"))
    namespace = root.get("sourceNamespace")
    return (
        bool(root.get("ignoreUriCase")) != bool(leaf.get("ignoreUriCase"))
        or bool(above and below and above != below)
        or bool(namespace and namespace != leaf.get("sourceNamespace"))
        or any(name in labels and labels[name] != value for name, value in narrower.items())
        or bool(gateways and fewer and not set(fewer) <= set(gateways))
    )


def _strings_contradict(root: object, leaf: object) -> bool:
    """Whether a StringMatch of a delegate asks for more than that of the rule above it allows."""
    if root is None or leaf is None:
        return False
    kinds = strings.kind_of(root), strings.kind_of(leaf)
    above, below = (
        str(values.mapping(each).get(kind, "")) for each, kind in zip((root, leaf), kinds, strict=True)
    )
    if kinds == ("exact", "exact"):
        return above != below
    if kinds[0] == "prefix" and kinds[1] in ("prefix", "exact"):
        return not below.startswith(above)
    return True
