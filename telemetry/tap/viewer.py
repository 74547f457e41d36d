"""One person who looks on: which logs are followed for him, and what he is shown of them, moment by moment.

Nothing is kept for a browser that does not keep up: what it did not take in time is counted, not shown. Lives
in the event loop's thread; but `choose` goes through all pods, and belongs into another one.
"""

import random
import time
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Final, NamedTuple

from cluster import connection
from cluster.cache import Cache
from cluster.port import Cluster, Log
from telemetry.packing import Frame
from telemetry.tap import looking, rows
from telemetry.tap.directories import DIRECTORIES
from telemetry.tap.ends import Directory, Place, Seen
from telemetry.tap.following import CONTAINER, FOLLOWERS, SILENCE_SECONDS, Counts, Follower, Followers
from telemetry.tap.looking import Choice, Look
from telemetry.tap.sampling import ROWS_PER_SECOND, Meter, Sampler
from telemetry.tap.sight import TapSight

MOST_AT_ONCE: Final = 500
"""Lines of one log that are looked at in one tick."""
SILENT_SECONDS: Final = 5.0
"""At least so often something is said, so that the browser knows that the line is alive."""
NO_PROXY: Final = (
    "No proxy of the mesh runs there whose log could be read. Choose one of the calls to it: the callers' "
    "proxies tell of those."
)
FOLDED: Final = "Several namespaces are folded into one here. Unfold them to see their requests."
NO_ROOM: Final = "This server follows as many logs as it may. Try again later."


class _Followed(NamedTuple):
    """One log of a viewer's, and how far he has read it."""

    key: Hashable
    place: Place
    follower: Follower
    read: Counts
    first: Counts


class Viewer:
    """One socket's view of the requests of one cluster."""

    def __init__(
        self,
        cluster_name: str,
        followers: Followers = FOLLOWERS,
        clock: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        self.look: Look | None = None
        self._cache: Cache = connection.get(cluster_name).cache
        self._followers = followers
        self._clock = clock
        self._choose = (chance or random.Random()).sample  # noqa: S311  which rows are shown is no secret
        self._sight = TapSight()
        self._cluster: Cluster | None = None
        self._directory = Directory(())
        self._choice = Choice()
        self._followed: dict[Hashable, _Followed] = {}
        self._full = self._chosen = self._asked = False
        self._ticked = self._said = 0.0
        self._told: tuple[tuple[str, Any], ...] = ()
        self._left_out = 0
        self._begin()

    def watch(self, look: Look | None) -> None:
        """Looks at something else from now on; None: at nothing."""
        self.look = look
        self._choice = Choice()
        self._keep(())
        self._begin()

    def see(self, sight: TapSight, cluster: Cluster | None) -> None:
        """Looks with these rights from now on; by `cluster` go this person's requests (None: as before)."""
        if sight != self._sight:
            self._keep(place for place in self._choice.pods if place.end.namespace in sight.allowed)
            self._chosen = False
        self._sight, self._asked = sight, True
        self._cluster = cluster or self._cluster

    def close(self) -> None:
        """Ends what was followed for nobody else."""
        self.watch(None)

    def choose(self) -> tuple[Look | None, Choice]:
        """Whose logs tell of it, by the pods that there are now. Slow: for a thread."""
        directory, look = DIRECTORIES.of(self._cache), self.look
        self._directory = directory
        return look, looking.choose(look, directory, self._sight.allowed) if look else Choice()

    def follow(self, chosen: tuple[Look | None, Choice]) -> None:
        """Follows these pods' logs from now on, and no others."""
        look, choice = chosen
        if look is not self.look or look is None or self._cluster is None or not self._asked:
            return  # something else is looked at by now, or it was chosen before rights were known
        # Rights may have gone meanwhile.
        pods = tuple(place for place in choice.pods if place.end.namespace in self._sight.allowed)
        self._choice = choice._replace(pods=pods)
        self._chosen = True
        self._keep(pods)
        self._full = False
        for place in pods:
            self._begin_to_follow(place, self._cluster)

    def tick(self) -> Frame | None:
        """What to send now, if anything."""
        if self.look is None:
            return None
        now = self._clock()
        seconds, self._ticked = now - self._ticked, now
        belonging, lost = self._belonging(self.look)
        passed = len(belonging) + lost
        shown = self._sampler.take(belonging, seconds)
        # What was there before one began to look is no sample of what passes.
        self._left_out += passed - len(shown) if self._meter.started else 0
        if self._followed:
            self._meter.add(passed, now)
        state = self._state()
        if not shown and state == self._told and now - self._said < SILENT_SECONDS:
            return None
        self._told, self._said = state, now
        left_out, self._left_out = self._left_out, 0
        return rows.encoded(
            {
                "type": "requests",
                **dict(state),
                "rows": [rows.row(seen, self._sight.visible) for seen in shown],
                "left_out": left_out,
                "per_second": round(self._meter.rate(now), 1),
                **self._counted(),
            }
        )

    def _begin(self) -> None:
        now = self._clock()
        self._sampler = Sampler(self._choose, ROWS_PER_SECOND)
        self._meter = Meter()
        self._told = ()
        self._ticked = self._said = now
        self._left_out = 0
        self._chosen = self._asked = False

    def _keep(self, places: Any) -> None:
        """Lets go of all logs but those of these pods."""
        keys = {_key(self._cluster, place) for place in places}
        for key in [key for key in self._followed if key not in keys]:
            self._followers.release(key)
            del self._followed[key]

    def _begin_to_follow(self, place: Place, cluster: Cluster) -> None:
        key = _key(cluster, place)
        if key in self._followed:
            return
        follower = self._followers.take(key, partial(_open, cluster, place))
        if follower is None:
            self._full = True
            return
        start = follower.start_of_news()
        self._followed[key] = _Followed(key, place, follower, start, start)

    def _belonging(self, look: Look) -> tuple[list[Seen], int]:
        """What has passed of what is looked at, in the order of time, and how many more there must be."""
        found: list[Seen] = []
        lost = 0.0
        directory, visible = self._directory, self._sight.visible
        for key, each in self._followed.items():
            news = each.follower.since(each.read, MOST_AT_ONCE)
            self._followed[key] = each._replace(read=news.counts)
            mine = [
                seen
                for seen in (directory.seen(each.place, line) for line in news.lines)
                if looking.belongs(look, self._choice.side, seen, directory, visible)
            ]
            found += mine
            lost += news.lost * len(mine) / len(news.lines) if news.lines else 0
        return sorted(found, key=lambda seen: seen.line.at), round(lost)

    def _counted(self) -> dict[str, int]:
        """How many lines of what sort the logs have held since he looks."""
        pairs = [(each.read, each.first) for each in self._followed.values()]
        return {
            "requests": sum(now.requests - first.requests for now, first in pairs),
            "connections": sum(now.connections for now, _ in pairs),
            "unread": sum(now.unread for now, _ in pairs),
        }

    def _state(self) -> tuple[tuple[str, Any], ...]:
        """How it stands, in a word and in plain words."""
        state, message = self._how()
        followers = [each.follower for each in self._followed.values()]
        followed = sum(each.opened and not each.problem for each in followers)
        return (
            ("state", state),
            ("message", message),
            ("side", self._choice.side),
            ("followed", followed),
            ("pods", self._choice.of),
        )

    def _how(self) -> tuple[str, str]:
        if not self._asked:
            return "opening", ""
        if not self._sight.allowed:
            return ("refused", self._sight.why_not) if self._sight.why_not else ("nothing", self._nothing)
        if self._chosen and not self._choice.of:
            return "nothing", self._nothing
        return self._how_it_goes([each.follower for each in self._followed.values()])

    @property
    def _nothing(self) -> str:
        target = self.look.target if self.look else None
        return FOLDED if target and target.kind == "namespace" and not target.namespace else NO_PROXY

    def _how_it_goes(self, followers: list[Follower]) -> tuple[str, str]:
        problems = [each.problem for each in followers if each.problem]
        if self._chosen and not followers:
            return "full", NO_ROOM
        if problems and len(problems) == len(followers):
            return "away", problems[0]
        if not any(each.opened for each in followers):
            return "opening", ""
        return "following", problems[0] if problems else NO_ROOM if self._full else ""


def _key(cluster: Any, place: Place) -> Hashable:
    # By who opens it: an adapter that acts as one person serves nobody else.
    return cluster, place.end.namespace, place.pod, place.uid


def _open(cluster: Cluster, place: Place, tail: int) -> Log:
    return cluster.log(place.end.namespace, place.pod, CONTAINER, tail_lines=tail, silence=SILENCE_SECONDS)
