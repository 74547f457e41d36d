"""Chooses where the metrics of a cluster come from, as the settings say: a Prometheus, or the proxies."""

from functools import partial
from typing import NamedTuple

from django.conf import settings

from cluster import connection
from cluster.cache import Cache
from telemetry.direct import DirectSource
from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.promql import equal
from telemetry.prometheus.source import PrometheusSource
from telemetry.reporting import Preference
from telemetry.scrape import Scraper
from telemetry.source import Source
from telemetry.targets import PodTargets

# Asked three times a scrape: no sample waits long to be seen, and no query is asked in vain.
_TICKS_IN_A_SCRAPE = 3


class Chosen(NamedTuple):
    """A source, how often to read it, over which window it takes rates, how long to wait for it at most; in
    seconds.
    """

    source: Source
    tick_seconds: float
    window_seconds: float
    read_timeout_seconds: float | None = None


def of(cluster_name: str) -> Chosen:
    """The source of a configured cluster."""
    if cluster_name in settings.PROMETHEUS_ADDRESSES:
        return _prometheus(cluster_name)
    tick: float = settings.TELEMETRY_TICK_SECONDS
    window = default_window()
    targets = PodTargets(partial(_cache, cluster_name))
    return Chosen(DirectSource(targets, Scraper(), window_seconds=window), tick, window)


def default_window() -> float:
    """Two readings at least, or there is no difference to take a rate of."""
    window: float = settings.TELEMETRY_WINDOW_SECONDS
    return max(window, 2 * settings.TELEMETRY_TICK_SECONDS)


def preference() -> Preference:
    """Whose report of a call counts first."""
    return "destination" if settings.TELEMETRY_REPORTER == "destination" else "caller"


def server(cluster_name: str, timeout_seconds: float | None = None) -> Server:
    """The Prometheus of a configured cluster; KeyError where it has none. It is waited for as long as the
    settings say, or at most so long.
    """
    url, _ = settings.PROMETHEUS_ADDRESSES[cluster_name]
    sign_in, configured = settings.PROMETHEUS_SIGN_IN, settings.PROMETHEUS_TIMEOUT_SECONDS
    return Server(
        url=url,
        timeout_seconds=configured if timeout_seconds is None else min(configured, timeout_seconds),
        max_body_bytes=int(settings.PROMETHEUS_MAX_MIB * 2**20),
        token=sign_in.token,
        token_file=sign_in.token_file,
        user=sign_in.user,
        password=sign_in.password,
        ca_file=sign_in.ca_file,
        certificate_file=sign_in.certificate_file,
        key_file=sign_in.key_file,
        headers=dict(sign_in.headers),
    )


def _prometheus(cluster_name: str) -> Chosen:
    _, scope = settings.PROMETHEUS_ADDRESSES[cluster_name]
    scrape, asked = settings.PROMETHEUS_SCRAPE_SECONDS, server(cluster_name)
    source = PrometheusSource(
        Client(asked),
        scrape_seconds=scrape,
        window_seconds=settings.TELEMETRY_WINDOW_SECONDS,
        scope=tuple(equal(label, value) for label, value in scope),
        shard_count=settings.PROMETHEUS_SHARDS,
        preference=preference(),
    )
    tick = max(settings.TELEMETRY_TICK_SECONDS, scrape / _TICKS_IN_A_SCRAPE)
    # The client gives up first, and says why.
    return Chosen(source, tick, source.window_seconds, asked.timeout_seconds + 1)


def _cache(cluster_name: str) -> Cache:
    return connection.get(cluster_name).cache
