"""What one Envoy has been told, what it has accepted, and what it may be told next.

Make before break: a new configuration's clusters go out first, with their endpoints where these come apart;
its listeners and routes follow once the proxy has accepted them; clusters that only the old routes use stay
until the new routes are accepted, and a while longer for requests on their way (an injected delay holds a
request between choosing its route and looking up the cluster).

No I/O and no clock: every call is told the time, in seconds of any steady clock.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from localmesh.xds import ProxyConfig, clusters_used, nothing, version

Kind = Literal["clusters", "endpoints", "listeners", "routes"]
Json = dict[str, Any]

#: How long routes wait for their clusters to be accepted before they go out all the same.
PATIENCE_SECONDS = 3.0
#: A version that was not accepted is told again after this long, then after twice as long, up to the longest.
#: Envoy's REST client does not say why it refuses, so a refusal and a lost answer look the same from here.
RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 32.0
_NO_REASON = "it was not accepted and no reason given; see the proxy's log"
#: How long an unused cluster is kept for requests on their way.
LINGER_SECONDS = 30.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a poll asks for: all clusters, all listeners, or the endpoints or routes of these names."""

    kind: Kind
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a poll is answered with."""

    version: str
    resources: Sequence[Json]


@dataclass(slots=True)
class _Exchange:
    """One subscription's state: the version last sent and last accepted, and the one that was not, with the
    reason.
    """

    offered: str = ""
    accepted: str = ""
    refused: str = ""
    error: str = ""
    patience: float = RETRY_SECONDS
    retry_at: float | None = None

    def heard(self, accepted: str, error: str, now: float) -> bool:
        """The next poll came; whether it shows that a version is refused which was not known as such."""
        self.accepted = accepted
        if accepted == self.offered or not self.offered:
            self.refused, self.error, self.patience, self.retry_at = "", "", RETRY_SECONDS, None
            return False
        if self.retry_at is not None:
            return False
        fresh = self.refused != self.offered
        self.patience = RETRY_SECONDS if fresh else min(2 * self.patience, LONGEST_RETRY_SECONDS)
        self.refused, self.error, self.retry_at = self.offered, error or _NO_REASON, now + self.patience
        return fresh

    def may_offer(self, version: str, now: float) -> bool:
        """Whether a version is news for the proxy now."""
        waits = version == self.refused and self.retry_at is not None and now < self.retry_at
        return version != self.accepted and not waits

    def offer(self, version: str) -> None:
        """The version is being sent."""
        self.offered, self.retry_at = version, None


@dataclass(slots=True)
class _Retained:
    """A cluster that is in nobody's configuration any more; `until` None while old routes may still use
    it.
    """

    cluster: Json
    until: float | None = None


@dataclass(slots=True)
class Session:
    """The dialogue with one Envoy, under its node id."""

    node: str
    patience: float = PATIENCE_SECONDS
    linger: float = LINGER_SECONDS
    seen: float = 0.0
    _wanted: ProxyConfig | None = None
    _front: ProxyConfig | None = None
    _deadline: float | None = None
    _clusters: dict[str, Json] = field(default_factory=dict)
    _clusters_version: str = ""
    _endpoints: dict[str, Json] = field(default_factory=dict)
    _retained: dict[str, _Retained] = field(default_factory=dict)
    _exchanges: dict[Subscription, _Exchange] = field(default_factory=dict)

    def offer(self, config: ProxyConfig, now: float) -> bool:
        """Make this the configuration to reach; whether that changes anything."""
        if self._wanted is not None and self._wanted.version == config.version:
            return False
        self._retain(config)
        self._wanted = config
        self._serve_clusters()
        self._deadline = now + self.patience
        self.settle(now)
        return True

    def heard(self, subscription: Subscription, accepted: str, error: str, now: float) -> None:
        """A poll came in: it says which version the proxy has accepted, and why it refused the last one, if
        it did.
        """
        self.seen = now
        exchange = self._exchanges.setdefault(subscription, _Exchange())
        if subscription.kind == "clusters" and not accepted and exchange.accepted:
            self._begin_anew(now)
            exchange = self._exchanges.setdefault(subscription, _Exchange())
        if subscription.kind == "endpoints" and not accepted and exchange.accepted:
            # The cluster was made anew, and asks for its endpoints as if for the first time.
            exchange = self._exchanges[subscription] = _Exchange()
        if exchange.heard(accepted, error, now):
            log.error("%s refuses %s %s: %s", self.node, subscription.kind, exchange.refused, exchange.error)
        self.settle(now)

    def answer(self, subscription: Subscription, now: float) -> Answer | None:
        """The answer to this subscription's open poll; None while there is no news for it."""
        exchange = self._exchanges.get(subscription, _Exchange())
        current = self._current(subscription)
        if current is None or not exchange.may_offer(current.version, now):
            return None
        self._exchanges[subscription] = exchange
        exchange.offer(current.version)
        return current

    def settle(self, now: float) -> bool:
        """Take the steps that are due: let routes follow their clusters, drop old clusters. Whether any was
        taken.
        """
        return self._advance(now) | self._retire(now)

    @property
    def next_step_at(self) -> float | None:
        """When to call `settle` and `answer` again at the latest."""
        times = [each.until for each in self._retained.values() if each.until is not None]
        times += [each.retry_at for each in self._exchanges.values() if each.retry_at is not None]
        return min([*times, *([self._deadline] if self._deadline is not None else [])], default=None)

    def describe(self) -> Json:
        """Its state, for people: versions sent, accepted and refused."""
        return {
            "node": self.node,
            "configured": self._wanted is not None,
            "waiting_for_clusters": self._deadline is not None,
            "retained_clusters": sorted(self._retained),
            "subscriptions": [
                {
                    "kind": subscription.kind,
                    "names": list(subscription.names),
                    "current": current.version if (current := self._current(subscription)) else None,
                    "offered": exchange.offered,
                    "accepted": exchange.accepted,
                    "error": exchange.error or None,
                }
                for subscription, exchange in sorted(
                    self._exchanges.items(), key=lambda each: (each[0].kind, each[0].names)
                )
            ],
        }

    def _begin_anew(self, now: float) -> None:
        """The proxy has restarted and knows nothing."""
        self._exchanges.clear()
        self._retained.clear()
        self._serve_clusters()
        self._front = None
        if self._wanted is not None:
            self._deadline = now + self.patience

    def _retain(self, config: ProxyConfig) -> None:
        wanted = {cluster["name"] for cluster in config.clusters}
        used = clusters_used([*self._front.routes, *self._front.listeners]) if self._front else frozenset()
        for name, cluster in self._clusters.items():
            if name in used and name not in wanted:
                self._retained.setdefault(name, _Retained(cluster))
        for name in wanted & self._retained.keys():
            del self._retained[name]

    def _serve_clusters(self) -> None:
        wanted = self._wanted.clusters if self._wanted else ()
        self._clusters = {cluster["name"]: cluster for cluster in wanted}
        self._clusters |= {name: each.cluster for name, each in self._retained.items()}
        self._clusters_version = version(self._clusters.values())
        apart = {name for name, each in self._clusters.items() if each.get("type") == "EDS"}
        kept = {name: each for name, each in self._endpoints.items() if name in apart}
        fresh = {each["cluster_name"]: each for each in (self._wanted.endpoints if self._wanted else ())}
        self._endpoints = {**kept, **fresh}
        # A proxy asks no more for the endpoints of a cluster that is gone.
        for each in [each for each in self._exchanges if each.kind == "endpoints"]:
            if not apart.intersection(each.names):
                del self._exchanges[each]

    def _advance(self, now: float) -> bool:
        if self._deadline is None:
            return False
        exchange = self._exchanges.get(Subscription("clusters"), _Exchange())
        accepted = exchange.accepted == self._clusters_version and self._endpoints_accepted()
        if not accepted and now < self._deadline:
            return False
        if not accepted and exchange.offered:
            log.warning("%s has not accepted its clusters within %s s; going on", self.node, self.patience)
        self._front, self._deadline = self._wanted, None
        return True

    def _endpoints_accepted(self) -> bool:
        """Whether no cluster waits for the endpoints that it asks for apart."""
        asked = {name: each for each in self._exchanges if each.kind == "endpoints" for name in each.names}
        return all(
            name in asked
            and (current := self._current(asked[name])) is not None
            and self._exchanges[asked[name]].accepted == current.version
            for name in self._endpoints
        )

    def _retire(self, now: float) -> bool:
        if self._deadline is None and self._front_accepted():
            for each in self._retained.values():
                each.until = now + self.linger if each.until is None else each.until
        gone = [name for name, each in self._retained.items() if each.until is not None and each.until <= now]
        for name in gone:
            del self._retained[name]
        if gone:
            self._serve_clusters()
        return bool(gone)

    def _front_accepted(self) -> bool:
        if self._front is None:
            return False
        served = {each["name"] for each in self._front.routes}
        # Routes of a listener that is gone are asked for no more, so there is nothing to wait for.
        fronts = [
            each
            for each in self._exchanges
            if each.kind == "listeners" or (each.kind == "routes" and served.intersection(each.names))
        ]
        return bool(fronts) and all(
            (current := self._current(each)) and self._exchanges[each].accepted == current.version
            for each in fronts
        )

    def _current(self, subscription: Subscription) -> Answer | None:
        if subscription.kind == "clusters":
            resources = list(self._clusters.values())
            return Answer(self._clusters_version, resources) if self._wanted else None
        if subscription.kind == "endpoints":
            found = [self._endpoints[name] for name in subscription.names if name in self._endpoints]
            return Answer(version(found), found) if found else None
        if self._front is None:
            return None
        if subscription.kind == "listeners":
            return Answer(version(self._front.listeners), self._front.listeners)
        named = {each["name"]: each for each in self._front.routes}
        # A listener that is going away serves its last connections: with no routes, not with the old ones.
        found = [named.get(name) or nothing(name) for name in subscription.names]
        return Answer(version(found), found)
