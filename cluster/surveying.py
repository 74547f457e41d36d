"""The inventory of a cluster as one person may see it, out of the watch cache."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster import inventory, kinds, serving
from cluster.cache import Known
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.serving import Serving

READ: Final = (
    kinds.NAMESPACE,
    kinds.SERVICE,
    kinds.POD,
    *kinds.WORKLOADS,
    kinds.ENDPOINT_SLICE,
    kinds.GATEWAY_API_GATEWAY,
)
NAMED: Final = 5
"""How many namespaces a sentence names."""


@dataclass(frozen=True, slots=True)
class Survey:
    """An inventory, how old it is, and what is missing in it.

    `age_seconds`: of the oldest part; None when the services were never listed. `problems`: why it is not
    whole or not current, each a plain sentence. `hidden`: by namespace the kinds of which nothing is known
    there, because this person may not list them or meshui never could. `whole`: whether all namespaces are
    here, with all that is in them.
    """

    cluster: str
    inventory: inventory.Inventory
    serving: Serving
    age_seconds: float | None
    problems: tuple[str, ...]
    hidden: Mapping[str, frozenset[Kind]]
    whole: bool


def survey(person: PersonCluster) -> Survey:
    """What runs in the cluster, as far as this person may list it; the objects are not waited for."""
    known = {kind: person.known(kind) for kind in READ}
    places = {item.metadata.name for item in known[kinds.NAMESPACE].items}
    forbidden = _forbidden(person, known, places)
    unread = {kind for kind, found in known.items() if found.served and found.age_seconds is None}
    missing = {place: frozenset(forbidden.get(place, frozenset()) | unread) for place in places}
    hidden = {place: kinds_there for place, kinds_there in missing.items() if kinds_there}
    found = inventory.Found(
        namespaces=known[kinds.NAMESPACE].items,
        services=known[kinds.SERVICE].items,
        pods=known[kinds.POD].items,
        workloads={kind: known[kind].items for kind in kinds.WORKLOADS},
        endpoint_slices=known[kinds.ENDPOINT_SLICE].items,
        gateways=known[kinds.GATEWAY_API_GATEWAY].items,
        hidden=hidden,
    )
    # Nobody without an identity is told what the cluster is, either; the problems say why.
    told = Serving("", ()) if person.is_nobody else serving.served(person)
    problems = [*(each.problem for each in known.values()), told.problem]
    if not person.access.problem:
        problems += _denials(forbidden, places)
    return Survey(
        cluster=person.name,
        inventory=inventory.derive(found),
        serving=told,
        age_seconds=_age(known),
        problems=tuple(dict.fromkeys(filter(None, problems))),
        hidden=hidden,
        whole=not hidden and not unread and person.visible() is None,
    )


def _forbidden(
    person: PersonCluster, known: Mapping[Kind, Known[Any]], places: Collection[str]
) -> dict[str, frozenset[Kind]]:
    """By namespace the kinds that this person may not list there."""
    found: dict[str, set[Kind]] = {}
    for kind in READ:
        # Nobody misses objects of a kind that the cluster does not have.
        if kind.namespaced and known[kind].served:
            for place in person.hidden(kind, places):
                found.setdefault(place, set()).add(kind)
    return {place: frozenset(missing) for place, missing in found.items()}


def _denials(forbidden: Mapping[str, frozenset[Kind]], places: Collection[str]) -> Iterable[str]:
    """A sentence for each set of namespaces in which the same may not be listed."""
    by_kinds: dict[frozenset[Kind], list[str]] = {}
    for place, missing in sorted(forbidden.items()):
        by_kinds.setdefault(missing, []).append(place)
    for missing, where in by_kinds.items():
        what = _listed([kind.plural for kind in READ if kind in missing])
        if len(where) == len(places):
            yield f"You may not list {what}."
        else:
            rest = len(where) - NAMED
            names = _listed([*where[:NAMED], f"{rest} more"] if rest > 0 else where)
            yield f"You may not list {what} in {names}."


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _age(known: Mapping[Kind, Known[Any]]) -> float | None:
    if known[kinds.SERVICE].age_seconds is None:
        return None
    return max(each.age_seconds for each in known.values() if each.age_seconds is not None)
