"""What speaks against a rollout, of other people's services: queries that a Prometheus does not answer with
one figure, and addresses that may not be called.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from cluster.person import PersonCluster
from routing.rolling.hooks import webhooks
from routing.rollouts.spec import Promql, Spec
from routing.rules import FieldError
from telemetry import instant

ABREAST: Final = 8
_FOR_ALL_ONLY: Final = (
    "Only who may read every namespace may judge by a query: it could tell of what he may not read."
)


def found(spec: Spec, person: PersonCluster) -> list[FieldError]:
    """What is wrong with the queries and addresses of a rollout, by field. Waits for other people's services,
    some at a time and seconds at most.
    """
    addresses = {told.url for told in spec.notify} | {gate.url for gate in spec.gates}
    with ThreadPoolExecutor(ABREAST) as pool:
        refusals = dict(zip(addresses, pool.map(webhooks.check, addresses), strict=True))
    said = [
        *((f"notify[{index}].url", refusals[told.url]) for index, told in enumerate(spec.notify)),
        *((f"gates[{index}].url", refusals[gate.url]) for index, gate in enumerate(spec.gates)),
        *_queries(spec, person),
    ]
    return [FieldError(field, words) for field, words in said if words]


def _queries(spec: Spec, person: PersonCluster) -> Iterator[tuple[str, str]]:
    everything = person.visible() is None
    for index, guard in enumerate(spec.guards):
        if isinstance(guard, Promql):
            yield f"guards[{index}].query", _query(person.name, guard) if everything else _FOR_ALL_ONLY


def _query(cluster: str, guard: Promql) -> str:
    try:
        instant.value(cluster, guard.query)
    except instant.QueryError as error:
        return error.words
    return ""
