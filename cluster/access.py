"""What one person may do in one cluster, by the cluster's own authorisation. No answer is a no.

Answers are kept for seconds, for what is only shown; what is written asks anew. An access object is shared by
all requests and sockets of one identity, and safe in any thread.
"""

import logging
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final, Literal, TypeAlias

from cluster import kinds
from cluster.errors import ClusterError, TooManyRequests, Unavailable
from cluster.identity import Ask, Identity, Verb
from cluster.kinds import Kind
from cluster.port import Cluster

Mode: TypeAlias = Literal["impersonate", "review"]
Visible: TypeAlias = frozenset[str] | None
"""The namespaces that a person may read; None means every one."""
Clock: TypeAlias = Callable[[], float]
log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 15.0
SILENT_SECONDS: Final = 2.0
"""How long nothing more is asked after a question without an answer: a page asks a thousand."""
MAX_KEPT: Final = 50_000
ABREAST: Final = 8
NO_IDENTITY: Final = (
    "Your account has no Kubernetes identity, so you can see and change nothing. "
    "An administrator gives it one with `manage.py person`."
)


class Access:
    """The rights of one identity; None stands for the console's own account."""

    def __init__(
        self,
        cluster: Cluster,
        identity: Identity | None,
        mode: Mode = "impersonate",
        *,
        clock: Clock = time.monotonic,
    ) -> None:
        """`mode`: whether the person himself is asked about (`impersonate`), or the console's account asks
        about him (`review`).
        """
        self.own = identity is None
        self.cluster = cluster.acting_as(identity) if identity and mode == "impersonate" else cluster
        """The cluster by which this person's requests go: as himself, or as the console's account."""
        self.asks_first = identity is not None and mode == "review"
        """Whether a request of the console's account has to be asked for first: nobody else refuses it."""
        self.who = f"user {identity.user}" if identity else "meshui's own account"
        self._identity = identity if mode == "review" else None
        self._clock = clock
        self._lock = Lock()
        self._batch = Lock()
        self._kept: dict[Ask, tuple[bool, float]] = {}
        self._silent_until = float("-inf")
        self._problem = ""
        self._logged = ""
        self._failures = 0

    @property
    def problem(self) -> str:
        """Why rights could not be asked for just now, in plain words; empty when they could."""
        return self._problem if self._clock() < self._silent_until else ""

    def told(self, error: ClusterError) -> str:
        """An error of the console's own as this person may be told it: the detail may name credentials, or
        what else is in the cluster, and goes to the log. To the console's own account it is told whole.
        """
        if self.own:
            return error.message
        if error.message != self._logged:
            self._logged = error.message
            log.warning("For %s: %s", self.who, error.message)
        return error.summary

    def may(self, ask: Ask) -> bool:
        """Whether the cluster allows it, by an answer of the last 15 s: for what is only shown."""
        kept = self._remembered(ask)
        return kept if kept is not None else self._asked(ask)

    def may_now(self, ask: Ask) -> bool:
        """Whether the cluster allows it at this moment: for what is written."""
        try:
            return self.answer(ask)
        except ClusterError:
            return False

    def answer(self, ask: Ask) -> bool:
        """What the cluster answers at this moment. Raises ClusterError where there is no answer."""
        said = self.cluster.may(ask, self._identity)
        self._keep(ask, said=said)
        return said

    def visible(self, namespaces: Iterable[str]) -> Visible:
        """Which of the namespaces may be read: those whose services may be listed; None when all may."""
        return self.places("list", kinds.SERVICE, namespaces)

    def visible_or_raise(self, namespaces: Iterable[str]) -> Visible:
        """As `visible`, for who must tell a no from no answer. Raises Unavailable for the latter."""
        failures = self._failures
        found = self.visible(namespaces)
        if failures != self._failures or self._clock() < self._silent_until:
            raise Unavailable(self._problem)
        return found

    def places(self, verb: Verb, kind: Kind, namespaces: Iterable[str]) -> Visible:
        """In which of the namespaces a verb is allowed on a kind; None: in all, those to come included."""
        if self.may(Ask(verb, kind)):
            return None
        asks = [Ask(verb, kind, name) for name in namespaces]
        self._ask_abreast(asks)
        return frozenset(ask.namespace for ask in asks if self.may(ask))

    def _ask_abreast(self, asks: list[Ask]) -> None:
        """Gets the answers that are not remembered, some at a time; who comes second finds them."""
        with self._batch:
            unknown = [ask for ask in asks if self._remembered(ask) is None]
            if len(unknown) > 1:
                with ThreadPoolExecutor(min(ABREAST, len(unknown))) as pool:
                    list(pool.map(self._asked, unknown))

    def _remembered(self, ask: Ask) -> bool | None:
        now = self._clock()
        said, until = self._kept.get(ask, (False, float("-inf")))
        if now < until:
            return said
        return False if now < self._silent_until else None

    def _asked(self, ask: Ask) -> bool:
        if self._clock() < self._silent_until:
            return False
        try:
            return self.answer(ask)
        except ClusterError as error:
            self._fall_silent(error)
            return False

    def _keep(self, ask: Ask, *, said: bool) -> None:
        now = self._clock()
        with self._lock:
            if len(self._kept) >= MAX_KEPT:
                self._kept = {each: kept for each, kept in self._kept.items() if now < kept[1]}
            if len(self._kept) >= MAX_KEPT:
                self._kept.clear()
            self._kept[ask] = (said, now + KEPT_SECONDS)

    def _fall_silent(self, error: ClusterError) -> None:
        pause = error.retry_after if isinstance(error, TooManyRequests) else 0.0
        self._failures += 1
        self._problem = f"What you may see could not be asked: {self.told(error)}"
        self._silent_until = self._clock() + min(max(SILENT_SECONDS, pause), KEPT_SECONDS)


class NoAccess(Access):
    """Of a person without an identity: nothing, without a question."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster, None)
        self.own = False
        self.asks_first = True
        self.who = "a person without a Kubernetes identity"

    @property
    def problem(self) -> str:
        """Why nothing is seen."""
        return NO_IDENTITY

    def may(self, ask: Ask) -> bool:  # noqa: ARG002
        """No."""
        return False

    def answer(self, ask: Ask) -> bool:  # noqa: ARG002
        """No."""
        return False

    def places(self, verb: Verb, kind: Kind, namespaces: Iterable[str]) -> Visible:  # noqa: ARG002
        """Nowhere."""
        return frozenset()
