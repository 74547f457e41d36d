"""What the settings say about when errors are too many, and which cluster is home."""

from functools import lru_cache

from django.conf import settings

from cluster import connection
from telemetry.graph import Limits
from telemetry.health import Tolerances, read_rules
from telemetry.identity import HOME


def limits(cluster_name: str) -> Limits:
    """The limits of what is drawn of a configured cluster."""
    return Limits(
        degraded_above=settings.TELEMETRY_EDGE_DEGRADED,
        failing_above=settings.TELEMETRY_EDGE_FAILING,
        tolerances=tolerances(settings.TELEMETRY_HEALTH),
        home=_home(cluster_name),
    )


@lru_cache(maxsize=4)
def tolerances(text: str) -> Tolerances:
    """The tolerances of nodes, in the form of the setting; telemetry.apps has seen that it can be read."""
    return Tolerances(read_rules(text))


def _home(cluster_name: str) -> str:
    ids: dict[str, str] = settings.TELEMETRY_CLUSTER_IDS
    default = ids.get("", "") if cluster_name == connection.names()[0] else ""
    return ids.get(cluster_name, default) or HOME
