"""The engine and the sender of this process, with their real parts: what a server starts and stops."""

import logging
from pathlib import Path
from typing import Final

from django.conf import settings

from cluster import connection
from routing.rolling.hooks.gates import Asker
from routing.rolling.hooks.telling import Sender
from routing.rolling.leader import leading as leaders
from routing.rolling.leader.engine import Engine
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.lease import Lease
from routing.rolling.mesh.looking import Watcher
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer

NAMESPACE_FILE: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
"""Where a pod finds the namespace of its service account."""
log = logging.getLogger(__name__)


class Running:
    """Both of them, started and stopped together."""

    def __init__(self) -> None:
        self.engine = engine()
        self.sender = Sender(lambda: self.engine.leading.acts)

    def start(self) -> None:
        """Begins; a second call does nothing."""
        self.engine.start()
        self.sender.start()

    def stop(self) -> None:
        """Ends, and lets another process lead."""
        self.sender.stop()
        self.engine.stop()


def engine() -> Engine:
    """An engine for the configured clusters; it asks nobody anything before it is started."""
    holder = leaders.named()
    leading = Leading(holder, lease=lease(holder))
    return Engine(Worlds(), Writer(leading.still), Watcher(), Asker(), leading=leading)


def lease(holder: str, namespace_file: Path = NAMESPACE_FILE) -> Lease | None:
    """The part in the Lease, where there is one: in a pod, or where the settings name a namespace."""
    inside = [each.name for each in settings.CLUSTERS if not each.kubeconfig]
    namespace = settings.ROLLOUTS_LEASE_NAMESPACE
    if namespace == "" and inside:
        namespace = _read(namespace_file)
    if not namespace:
        return None
    name = inside[0] if inside else connection.names()[0]
    # The connection is made when it is first needed: a server may start before its settings are put aside.
    return Lease(lambda: connection.get(name).cluster, namespace, holder, is_gone=leaders.gone)


def _read(namespace_file: Path) -> str:
    try:
        return namespace_file.read_text().strip()
    except OSError as error:
        log.info("not in a pod, so the database alone says who drives rollouts: %s", error)
        return ""
