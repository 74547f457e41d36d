"""The value of a query that a person wrote, now: for guards by PromQL.

Asks in the calling thread, with connections of its own: rollouts look from threads without an event loop.
Never called in the thread of an event loop.
"""

import asyncio
import math
import time
from collections.abc import Iterable, Mapping
from typing import Final, Literal, TypeAlias

from django.conf import settings

from telemetry import sources
from telemetry.prometheus.answers import NoAnswerError, number
from telemetry.prometheus.client import Client

Code: TypeAlias = Literal["unparsable", "none", "many", "nan", "no_prometheus", "away"]
_THE_QUERYS_OWN: Final = ("bad_data", "execution")
"""Prometheus' kinds of errors that the query is to blame for.
Source: https://prometheus.io/docs/prometheus/latest/querying/api/
"""


class QueryError(Exception):
    """A query has no value that could be used. `words` say why, with Prometheus' own where it wrote any."""

    def __init__(self, code: Code, words: str) -> None:
        super().__init__(words)
        self.code: Code = code
        self.words = words


def value(cluster: str, query: str) -> float:
    """The one number that a query yields now. Raises QueryError; waits no longer than Prometheus' timeout."""
    found = values(cluster, [query])[query]
    if isinstance(found, QueryError):
        raise found
    return found


def values(
    cluster: str, queries: Iterable[str], timeout_seconds: float | None = None
) -> Mapping[str, float | QueryError]:
    """The same of several queries at once, by query."""
    wanted = list(dict.fromkeys(queries))
    address = cluster or settings.CLUSTERS[0][0]
    if address not in settings.PROMETHEUS_ADDRESSES:
        words = (
            "This cluster is observed without a Prometheus, so there is nothing that could answer a query."
        )
        return dict.fromkeys(wanted, QueryError("no_prometheus", words))
    return asyncio.run(_values(address, wanted, timeout_seconds)) if wanted else {}


async def _values(
    cluster: str, queries: list[str], timeout_seconds: float | None
) -> Mapping[str, float | QueryError]:
    client = Client(sources.server(cluster, timeout_seconds))
    try:
        found = await asyncio.gather(*(_value(client, query) for query in queries))
        return dict(zip(queries, found, strict=True))
    finally:
        await client.close()


async def _value(client: Client, query: str) -> float | QueryError:
    try:
        found = [number(each) for each in await client.figures(query, time.time())]
    except NoAnswerError as error:
        return _unanswered(error)
    if not found:
        return QueryError("none", "The query yields nothing at this moment; it must yield one number.")
    if len(found) > 1:
        words = f"The query yields {len(found):,} values; it must yield one number, say by sum() or max()."
        return QueryError("many", words)
    if not math.isfinite(found[0]):
        words = "The query yields no finite number (NaN or infinity), say by a division by 0."
        return QueryError("nan", words)
    return found[0]


def _unanswered(error: NoAnswerError) -> QueryError:
    kind, _, said = error.quoted.partition(": ")
    if kind in _THE_QUERYS_OWN:
        return QueryError("unparsable", f"Prometheus cannot answer this query: {said}")
    return QueryError("away", " ".join(filter(None, (str(error), error.quoted))))
