"""What steers the services of rollouts now, as the verification of a share needs it: worked out once for as
long as nothing changes.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from cluster import connection
from cluster.connection import UnknownClusterError
from routing import shares, verification
from routing.istio.hosts import http_rules
from routing.istio.splits import default_rule
from routing.rolling.mesh import pictures
from routing.rolling.mesh.pictures import Seen
from routing.verifying import Setting


@dataclass(frozen=True, slots=True)
class Steered:
    """What steers a service. `injected`: a fault stands on the route that every request takes."""

    setting: Setting
    injected: bool


class Steerings:
    """Safe in threads: at worst something is worked out twice."""

    def __init__(self) -> None:
        self._kept = WeakKeyDictionary[Seen, Steered | None]()

    def of(self, cluster: str, namespace: str, service: str) -> Steered | None:
        """What steers a service; None where it is not known, or not there."""
        try:
            picture = pictures.of(connection.get(cluster))
        except UnknownClusterError:
            return None
        seen = picture.cached(namespace, service) or picture.fresh(namespace, service)
        if seen is None:
            return None
        if seen not in self._kept:
            self._kept[seen] = _steered(seen)
        return self._kept[seen]


def _steered(seen: Seen) -> Steered | None:
    if seen.service is None:
        return None
    found = shares.steered(seen.resources, seen.service, seen.services.values())
    rule = default_rule(http_rules(found.in_force)) if found.in_force else None
    return Steered(verification.setting(found), injected=bool((rule or {}).get("fault")))
