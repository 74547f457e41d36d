"""What a rollout reads of its cluster: what stands of it, what others changed, whether its versions are there
and its initiator still may.

The watch cache tells, and may lag behind a write. What would stop a rollout or end it (another rule than was
written, something that is gone) is therefore read anew before it is said.
"""

from typing import Final

from cluster import connection, inventory
from cluster.connection import UnknownClusterError
from cluster.identity import Ask
from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from routing import istio
from routing.rolling.mesh import pictures
from routing.rolling.mesh.pictures import Seen
from routing.rolling.mesh.rights import Rights
from routing.rolling.ports import Driven
from routing.rollouts.inputs import Presence, World
from routing.rollouts.moves import is_foreign_paused
from routing.rollouts.standing import foreign, standing
from routing.rollouts.states import Rule

NOTHING_KNOWN: Final = World()


class Worlds:
    """`routing.rolling.ports.Worlds`, of real clusters."""

    def __init__(self, rights: Rights | None = None) -> None:
        self._rights = rights or Rights()

    def world(self, driven: Driven) -> World:
        """What is known now. A cluster that does not answer is `standing=None`; nothing is raised."""
        row, spec = driven.row, driven.spec
        try:
            picture = pictures.of(connection.get(row.cluster))
        except UnknownClusterError:
            return NOTHING_KNOWN
        seen = picture.cached(spec.namespace, spec.service)
        found = _world(driven, seen) if seen is not None else None
        if found is None or _is_surprising(driven, found):
            seen = picture.fresh(spec.namespace, spec.service)
            found = _world(driven, seen) if seen is not None else None
        if seen is None or found is None:
            return NOTHING_KNOWN
        may = self._rights.may(row.created_by_id, row.cluster, asks(seen, driven))
        return World(found.standing, found.baseline, found.canary, found.namespace_gone, found.foreign, may)


def asks(seen: Seen, driven: Driven) -> list[Ask]:
    """The rights that the next writes of a rollout take: on DestinationRules only while a subset lacks."""
    main, effective = seen.scene.virtual.main, seen.scene.destination_rules.main
    found = [
        Ask("update", VIRTUAL_SERVICE, istio.namespace_of(main), main["metadata"]["name"])
        if main
        else Ask("create", VIRTUAL_SERVICE, driven.spec.namespace)
    ]
    have = seen.scene.subsets.by_version
    if driven.spec.baseline not in have or driven.spec.canary not in have:
        found.append(
            Ask("update", DESTINATION_RULE, istio.namespace_of(effective), effective["metadata"]["name"])
            if effective
            else Ask("create", DESTINATION_RULE, driven.spec.namespace)
        )
    return found


def expected(driven: Driven, stands: Rule) -> Rule:
    """What is to stand, by what the rollout remembers: an intent that landed, or what was confirmed."""
    state = driven.state
    if stands in state.doubted or (state.intent is not None and stands == state.intent.rule):
        return stands
    return state.confirmed if state.confirmed is not None else stands


def _world(driven: Driven, seen: Seen) -> World:
    spec = driven.spec
    stands = standing(seen.scene, spec)
    return World(
        standing=stands,
        baseline=_presence(seen.service, spec.baseline),
        canary=_presence(seen.service, spec.canary),
        namespace_gone=seen.namespace_gone,
        foreign=foreign(seen.scene, spec, expected(driven, stands)) if driven.state.begun else "",
    )


def _presence(service: inventory.Service | None, version: str) -> Presence:
    if service is None:
        return "gone"
    if not service.pods_known:
        return "unknown"
    found = service.version(version)
    if found is None:
        return "gone"
    return "ready" if found.ready_pods else "not_ready"


def _is_surprising(driven: Driven, world: World) -> bool:
    """Whether this would change the course of a rollout, so that a cache that lags must not be believed."""
    state = driven.state
    wanted = state.intent.rule if state.intent is not None else state.confirmed
    others = world.standing != wanted or (bool(world.foreign) and not is_foreign_paused(state))
    # Before it begins, a version need not be there yet.
    gone = state.begun and "gone" in (world.baseline, world.canary)
    return others or world.namespace_gone or gone
