"""Who watches what: each view is cut and written once a tick, and the same bytes go to all its sockets.

What a person may see is a part of the view, so that two people with other rights never share a byte.
A socket that does not keep up is sent no backlog: its queue is dropped, and the next thing it gets is the
latest full frame. Lives in the event loop's thread, without locks.
"""

import asyncio
from collections import deque

import msgspec

from cluster.access import Visible
from telemetry import frames
from telemetry.frames import SourceState
from telemetry.history import Columns, History
from telemetry.observation import GraphKey, Observation
from telemetry.overview import overview
from telemetry.packing import Frame
from telemetry.picture import keys_of, picture
from telemetry.snapshot import Snapshot, View, delta
from telemetry.sparks import Sparks
from telemetry.trails import KEEP_SECONDS, Trail, columns, newest

MAX_SOCKETS = 2000
# Frames that may wait for a slow socket; at one a tick, four seconds' worth.
MAX_WAITING = 4
# So often in a row a socket may fall behind: it is sent the latest then, and is closed.
MAX_LAGS = 5


_NEARLY_SECONDS = 15.0
_NO_VIEW = View("app", ("",))


class TooManySocketsError(Exception):
    """No place is free; the message is for the person."""


class _Watched(msgspec.Struct):
    """One view that somebody looks at."""

    view: View
    snapshot: Snapshot | None = None
    full: Frame | None = None
    drawn_step: int = -1
    """Which step of the sparklines was sent last."""
    subscriptions: set["Subscription"] = msgspec.field(default_factory=set)
    trails: dict[str, Trail] = msgspec.field(default_factory=dict)


class Subscription:
    """One socket's place in the hub. Only the hub puts frames in; only the socket takes them out."""

    def __init__(self, hub: "Hub") -> None:
        self.view: View | None = None
        self.watched_id: str | None = None
        self._hub = hub
        self._waiting: deque[Frame] = deque()
        self._status: Frame | None = None
        self._wants_full = False
        self._wants_series = False
        self._lags = 0
        self._wake = asyncio.Event()

    @property
    def is_too_slow(self) -> bool:
        """Whether the socket fell behind again and again, without catching up once."""
        return self._lags >= MAX_LAGS

    def subscribe(self, view: View) -> None:
        """Looks at a view from now on; a full frame follows."""
        self._hub.move(self, view)
        self.watched_id = None
        self.resync()

    def see(self, visible: Visible, notice: str) -> None:
        """Looks at the same with other rights from now on: what waited shows what may no longer be seen."""
        if self.view is None or (self.view.visible, self.view.notice) == (visible, notice):
            return
        self._hub.move(self, msgspec.structs.replace(self.view, visible=visible, notice=notice))
        self._waiting.clear()
        self._status = None
        self.resync()

    def resync(self) -> None:
        """Asks for a full frame."""
        self._wants_full = self.view is not None
        self._wants_series = self.watched_id is not None
        self._wake.set()

    def watch(self, series_id: str | None) -> None:
        """Asks for the figures of a node or edge of the view, all now and news each tick; None: no more."""
        self.watched_id = series_id
        self._wants_series = series_id is not None
        self._wake.set()

    def lacks_past(self) -> bool:
        """True once for what is watched and was not seen yet: whoever asks fetches what was, for all."""
        return self._hub.lacks_past(self)

    def close(self) -> None:
        """Leaves the hub."""
        self._hub.leave(self)

    async def take(self) -> list[Frame]:
        """The frames to send next; waits until there is one."""
        if not self._wake.is_set():
            self._lags = 0
        await self._wake.wait()
        self._wake.clear()
        taken = []
        if self._wants_full:
            self._wants_full = False
            # What waited is older than the frame to come.
            self._waiting.clear()
            self._status = None
            taken.append(self._hub.full_frame(self))
        if self._wants_series:
            self._wants_series = False
            taken.append(self._hub.series_frame(self))
        taken.extend(self._waiting)
        self._waiting.clear()
        if self._status:
            taken.append(self._status)
            self._status = None
        return taken

    def offer(self, *offered: Frame) -> None:
        """For the hub: the next frames in order, unless a full one is due anyway."""
        self._status = None
        if not self._wants_full and len(self._waiting) + len(offered) > 2 * MAX_WAITING:
            self._waiting.clear()
            self._lags += 1
            self.resync()
        elif not self._wants_full:
            self._waiting.extend(offered)
        self._wake.set()

    def offer_status(self, status: Frame) -> None:
        """For the hub: the source is silent. Of several, the last one says all."""
        self._status = status
        self._wake.set()


class Hub:
    """All views and sockets of this process."""

    def __init__(
        self,
        history: History,
        source: SourceState,
        *,
        tick_seconds: float,
        sparks: Sparks | None = None,
        max_sockets: int = MAX_SOCKETS,
    ) -> None:
        self._history = history
        self._sparks = Sparks() if sparks is None else sparks
        self._tick = tick_seconds
        self._max_sockets = max_sockets
        self._source = source
        self._latest: Observation | None = None
        self._watched: dict[View, _Watched] = {}
        self._subscriptions: set[Subscription] = set()

    @property
    def sockets(self) -> int:
        """How many sockets are open."""
        return len(self._subscriptions)

    def join(self) -> Subscription:
        """A place for one socket. Raises TooManySocketsError."""
        if len(self._subscriptions) >= self._max_sockets:
            raise TooManySocketsError(
                f"This server serves {self._max_sockets} pages at most. Try again later."
            )
        subscription = Subscription(self)
        self._subscriptions.add(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        """Frees a socket's place; a view without sockets goes with its last one."""
        self._subscriptions.discard(subscription)
        watched = self._watched.get(subscription.view) if subscription.view else None
        if watched:
            watched.subscriptions.discard(subscription)
            if not watched.subscriptions:
                del self._watched[watched.view]

    def move(self, subscription: Subscription, view: View) -> None:
        """Puts a socket before another view."""
        self.leave(subscription)
        self._subscriptions.add(subscription)
        subscription.view = view
        watched = self._watched.get(view)
        if watched is None:
            watched = self._watched[view] = _Watched(view)
            if self._latest and not view.overview:
                self._cut(watched, self._latest)
        watched.subscriptions.add(subscription)

    def wanted(self) -> set[GraphKey]:
        """The graphs that somebody looks at now."""
        return {key for each in self._watched.values() for key in keys_of(each.view, each.snapshot)}

    def observed(self, observation: Observation, source: SourceState) -> None:
        """Passes a new reading on to every socket: the difference, or the whole where it had nothing yet."""
        self._latest, self._source = observation, source
        for watched in self._watched.values():
            if watched.view.overview:
                self._pass_on_overview(watched, observation)
                continue
            before = watched.snapshot
            after = self._cut(watched, observation)
            if before is None:
                for subscription in watched.subscriptions:
                    subscription.resync()
                continue
            frame = frames.delta(delta(before, after), source, watched.view.visible)
            news = self._news(watched)
            for subscription in watched.subscriptions:
                newest_row = news.get(subscription.watched_id or "")
                subscription.offer(frame, *([newest_row] if newest_row else []))

    def silent(self, source: SourceState) -> None:
        """Tells every socket with a view that the source does not answer."""
        self._source = source
        for watched in self._watched.values():
            # The next full frame has to say so, too.
            watched.full = None
            status = frames.status(source, watched.view.visible, watched.view.notice)
            for subscription in watched.subscriptions:
                subscription.offer_status(status)

    def full_frame(self, subscription: Subscription) -> Frame:
        """The whole view as of the latest reading; before the first one, the state of the source."""
        if subscription.view is None:
            raise ValueError("A frame shows a view, and this socket has none.")
        watched = self._watched[subscription.view]
        if watched.full is None:
            watched.full = self._full(watched)
        return watched.full or frames.status(self._source, watched.view.visible, watched.view.notice)

    def series_frame(self, subscription: Subscription) -> Frame:
        """The last minutes of what the socket watches."""
        trail = self._trail(subscription)
        shown = trail.columns if trail else columns(self._tick)
        return frames.series(shown.wire(subscription.watched_id or ""), reset=True)

    def lacks_past(self, subscription: Subscription) -> bool:
        """See Subscription."""
        trail = self._trail(subscription)
        if trail is None or trail.asked:
            return False
        trail.asked = True
        return True

    def tell_past(self, view: View, series_id: str, before: Columns) -> None:
        """What was before somebody watched this; for all who watch it in this view."""
        watched = self._watched.get(view)
        if watched is None or series_id not in watched.trails:
            return
        watched.trails[series_id].prepend(before)
        for subscription in watched.subscriptions:
            if subscription.watched_id == series_id:
                subscription.watch(series_id)

    def _trail(self, subscription: Subscription) -> Trail | None:
        """The trail of what a socket watches; it begins with what the history has of it."""
        series_id, watched = subscription.watched_id, self._watched.get(subscription.view or _NO_VIEW)
        if series_id is None or watched is None:
            return None
        trail = watched.trails.get(series_id)
        if trail is None:
            view, now = watched.view, self._latest.taken_at if self._latest else 0.0
            before = self._history.columns(view.graph_type, series_id, now - KEEP_SECONDS, now, view.visible)
            trail = watched.trails[series_id] = Trail(self._tick, before)
            # Where there is not all of it, there may be more elsewhere.
            trail.asked = trail.reaches(now - KEEP_SECONDS + _NEARLY_SECONDS)
        return trail

    def _full(self, watched: _Watched) -> Frame | None:
        """None before the first reading."""
        if watched.view.overview and self._latest:
            return self._overview(watched.view, self._latest, self._sparks)
        return frames.full(watched.snapshot, self._source, self._tick) if watched.snapshot else None

    def _pass_on_overview(self, watched: _Watched, observation: Observation) -> None:
        """There are no differences to tell: the rows are few, and half of them change each time anyway."""
        watched.full = None
        stepped = watched.drawn_step != self._sparks.steps
        watched.drawn_step = self._sparks.steps
        frame = self._overview(watched.view, observation, self._sparks if stepped else None)
        for subscription in watched.subscriptions:
            subscription.offer(frame)

    def _overview(self, view: View, observation: Observation, sparks: Sparks | None) -> Frame:
        rows = overview(observation.graph(*next(keys_of(view, None))), view.namespaces)
        at = observation.seq, observation.taken_at
        return frames.overview(view, at, rows, source=self._source, tick_seconds=self._tick, sparks=sparks)

    def _cut(self, watched: _Watched, observation: Observation) -> Snapshot:
        watched.snapshot = picture(observation, watched.view, watched.snapshot)
        watched.full = None
        return watched.snapshot

    def _news(self, watched: _Watched) -> dict[str, Frame]:
        """The newest row of all that is watched in a view, each written once for all its sockets."""
        ids = {subscription.watched_id for subscription in watched.subscriptions}
        watched.trails = {series_id: trail for series_id, trail in watched.trails.items() if series_id in ids}
        found = {}
        for series_id, trail in watched.trails.items():
            row = newest(watched.snapshot, series_id) if watched.snapshot else None
            if row:
                trail.append(row)
                found[series_id] = frames.series(columns(self._tick, row).wire(series_id), reset=False)
        return found
