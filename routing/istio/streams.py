"""Weights over the versions of a service for connections: on the tcp and tls rules of its VirtualService.
Pure.

For tcp the rule is the one for every connection to a port (or to all); for tls the one for exactly some
server names. Where a rule is for more than was asked for, the wanted part gets a rule of its own before it.
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from cluster.refs import Manifest
from routing.istio.errors import CannotApply
from routing.istio.hosts import MESH, covers, hosts_of, name_of, namespace_of, rules_of
from routing.istio.splits import Target, new_route, set_weights, shares_of
from routing.istio.subsets import Subsets, free_name
from routing.rules import Split

StreamRule = dict[str, Any]


def read_stream_weights(virtual_service: Manifest, split: Split, subsets: Subsets) -> dict[str, float] | None:
    """The share of each version in percent for the connections that a split is about; None when no rule is
    for exactly them. The empty version is as in `read_weights`.
    """
    rule = next((rule for rule in _rules(virtual_service, split) if _is_for(rule, split)), None)
    if rule is None or not isinstance(rule.get("route"), list) or not rule["route"]:
        return None
    return shares_of(rule["route"], Target(split, subsets, namespace_of(virtual_service)))


def read_stream_split(virtual_service: Manifest, split: Split, subsets: Subsets) -> Split | None:
    """The split in force for the same connections; None when it is not one over versions in whole percent."""
    shares = read_stream_weights(virtual_service, split, subsets)
    if not shares or "" in shares or any(share != int(share) for share in shares.values()):
        return None
    weights = {version: int(share) for version, share in shares.items()}
    return Split(split.namespace, split.service, weights, split.protocol, split.port, split.sni_hosts)


def set_stream_split(virtual_service: Manifest, split: Split, subsets: Subsets) -> Manifest:
    """The VirtualService with the split on its tcp or tls rule, which is made where it is missing.

    Raises CannotApply when the server names are not its hosts', or a part of the rule goes to another host.
    """
    _refuse_foreign_names(virtual_service, split)
    changed = copy.deepcopy(virtual_service)
    rules = _rules(changed, split)
    target = Target(split, subsets, namespace_of(changed))
    at = next((index for index, rule in enumerate(rules) if _covers(rule, split)), len(rules))
    if at < len(rules):
        _refuse_half(changed, at, split)
    if at == len(rules) or not _is_for(rules[at], split):
        rules.insert(at, _rule(rules[at] if at < len(rules) else {}, split, subsets))
    set_weights(rules[at]["route"], target, changed)
    changed["spec"][split.protocol] = rules
    return changed


def new_stream_virtual_service(
    split: Split, taken: set[str], subsets: Subsets, template: Manifest
) -> Manifest:
    """A VirtualService for connections to a service that has none; `template`: an empty one for it."""
    spec = {
        "hosts": list(dict.fromkeys([split.service, *split.sni_hosts])),
        split.protocol: [_rule({}, split, subsets)],
    }
    metadata = {"name": free_name(split.service, taken), "namespace": split.namespace}
    return {**template, "metadata": metadata, "spec": spec}


def _rules(virtual_service: Manifest, split: Split) -> list[StreamRule]:
    return rules_of(virtual_service, split.protocol)


def _rule(general: StreamRule, split: Split, subsets: Subsets) -> StreamRule:
    """A rule for the split's connections, with the route of the more general one that they took so far."""
    match: dict[str, Any] = {"port": split.port} if split.port else {}
    if split.sni_hosts:
        match["sniHosts"] = list(split.sni_hosts)
    route = copy.deepcopy(general.get("route")) or new_route(split.service, split.weights, subsets)
    return {"match": [match], "route": route} if match else {"route": route}


def _is_for(rule: StreamRule, split: Split) -> bool:
    """Whether a rule is for the split's connections, all of them and no other."""
    return all(_says(match) == _wanted(split) for match in _matches(rule))


def _covers(rule: StreamRule, split: Split) -> bool:
    """Whether the split's connections, or for tls some of them, take a rule, unless one before it does."""
    return any(_takes(match, split) for match in _matches(rule))


def _takes(match: Mapping[str, Any], split: Split) -> bool:
    names, port, others = _says(match)
    if others or port not in (0, split.port):
        return False
    return not names or any(_asks_for(names, wanted) for wanted in split.sni_hosts)


def _asks_for(names: Iterable[str], wanted: str) -> bool:
    return any(covers(name, wanted) for name in names)


def _refuse_half(virtual_service: Manifest, index: int, split: Split) -> None:
    """Raises CannotApply where a rule is for some of the split's server names only: it stays in force."""
    rule = _rules(virtual_service, split)[index]
    for names, _, _ in (_says(match) for match in _matches(rule) if _takes(match, split)):
        rest = [wanted for wanted in split.sni_hosts if names and not _asks_for(names, wanted)]
        if rest and not _is_for(rule, split):
            message = (
                f"{split.protocol}[{index}] of {name_of(virtual_service)} is for some of these names, not "
                f"for {', '.join(rest)}. Weigh the names of each rule by themselves."
            )
            raise CannotApply("OTHER_SNI_RULE", message, "sni_hosts")


def _wanted(split: Split) -> tuple[frozenset[str], int, bool]:
    return frozenset(split.sni_hosts), split.port, False


def _says(match: Mapping[str, Any]) -> tuple[frozenset[str], int, bool]:
    """The server names and the port that a match asks for, and whether it asks for more than that."""
    inside = MESH in (match.get("gateways") or [MESH])
    others = set(match) - {"port", "sniHosts", "gateways", "name"}
    port = match.get("port")
    names = match.get("sniHosts")
    found = frozenset(map(str, names)) if isinstance(names, list) else frozenset()
    return found, port if isinstance(port, int) else 0, bool(others) or not inside


def _matches(rule: StreamRule) -> list[dict[str, Any]]:
    match = rule.get("match")
    return match if isinstance(match, list) and match else [{}]


def _refuse_foreign_names(virtual_service: Manifest, split: Split) -> None:
    hosts = hosts_of(virtual_service)
    foreign = [name for name in split.sni_hosts if not any(covers(host, name) for host in hosts)]
    if foreign:
        message = (
            f"{name_of(virtual_service)} is not for {', '.join(foreign)}: a server name must be one of its "
            "hosts. Add it there first."
        )
        raise CannotApply("SNI_NOT_A_HOST", message, "sni_hosts")
