"""Which namespaces of a view are drawn as one node each, so that any mesh fits on a page. Pure.

Knows names and how many nodes stand in each namespace, as the viewer may see them; no figures. What is folded
may not flap from tick to tick: a view that folds goes on doing so until clearly fewer nodes would be drawn.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

ALL = "*"
"""Unfolded: nothing folds by itself."""
OUTSIDE = "*outside"
"""What stands in no namespace: hosts outside the mesh. No Kubernetes name has a star in it."""
OTHERS = "*other"
"""The namespaces that are one node together, because there are too many for a node each."""

MAX_DRAWN = 300
# A view that folded by itself unfolds at nine tenths of what made it fold.
_UNFOLD_AT = 0.9
# By how much a namespace has to outgrow one that has a node of its own before it takes that place.
_HOLD = 1.5


class Folding(NamedTuple):
    """The namespaces that are a node each, and those that are one node together. Of hosts outside the mesh
    OUTSIDE is the namespace.
    """

    alone: frozenset[str] = frozenset()
    together: frozenset[str] = frozenset()

    def group(self, kind: str, namespace: str) -> str:
        """What a node of this kind and namespace is folded into; empty where it stands for itself."""
        place = place_of(kind, namespace)
        if place in self.alone:
            return place
        return OTHERS if place in self.together else ""

    @property
    def names(self) -> list[str]:
        """The groups in their order; the namespaces that are one node together are not named."""
        return [*sorted(self.alone), *([OTHERS] if self.together else [])]


NOT_FOLDED = Folding()


def place_of(kind: str, namespace: str) -> str:
    """The namespace that a node is folded with; empty for what is one node already."""
    if kind in ("hidden", "unknown"):
        return ""
    return namespace or OUTSIDE


def choose(
    members: Mapping[str, int],
    fold: Collection[str] = (),
    unfold: Collection[str] = (),
    *,
    named: Collection[str] = (),
    drawn: int | None = None,
    before: Folding = NOT_FOLDED,
    limit: int = MAX_DRAWN,
) -> Folding:
    """What to fold, of how many nodes there are in each namespace.

    `fold` and `unfold` are what somebody wished by hand, and `fold` goes first. Nothing else is folded while
    at most `limit` nodes would be drawn (`drawn`, where that is not simply their sum); above, everything is.
    `named`: namespaces that keep a node of their own even where there are more than `limit` of them.
    `before`: what was folded a tick ago.
    """
    by_hand = frozenset(fold).intersection(members)
    if drawn is None:
        drawn = sum(1 if place in by_hand else count for place, count in members.items())
    folds = bool((before.alone | before.together) - frozenset(fold))
    if ALL in unfold or drawn <= (limit * _UNFOLD_AT if folds else limit):
        return Folding(by_hand)
    folded = by_hand | (members.keys() - frozenset(unfold))
    return _bounded({place: members[place] for place in folded}, by_hand.union(named), before, limit)


def _bounded(members: Mapping[str, int], named: Collection[str], before: Folding, limit: int) -> Folding:
    """All of them alone, if there are not too many; else the largest, and the rest together."""
    if len(members) <= limit:
        return Folding(frozenset(members))

    def rank(place: str) -> tuple[bool, float, str]:
        held = _HOLD if place in before.alone else 1.0
        return place not in named, -held * members[place], place

    ranked = sorted(members, key=rank)
    return Folding(frozenset(ranked[: limit - 1]), frozenset(ranked[limit - 1 :]))
