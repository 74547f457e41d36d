"""A cluster as one person may use it: every read filtered and every write authorised by RBAC.

A namespace is readable when its services may be listed. What stands in any other one is not shown, whatever
else the cluster would allow there; it is refused in the same words whether it exists or not. Where the
console is set up for some namespaces only, nobody reads or writes in the others by it, whatever his rights.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final, TypeVar

from cluster import definitions
from cluster.access import NO_IDENTITY, Access, Mode, NoAccess, Visible
from cluster.cache import Cache, Known, outside
from cluster.definitions import Definition
from cluster.errors import ClusterError, Forbidden, Unavailable
from cluster.identity import Ask, Identity
from cluster.kinds import NAMESPACE, POD, SERVICE, Kind
from cluster.port import PAGE_SIZE, Cluster, Log, ObjectList, Page, Watch
from cluster.refs import Manifest, Ref

T = TypeVar("T")
MAX_PEOPLE: Final = 500
NOT_CURRENT: Final = "The console's picture of the cluster is not current."


class PersonCluster:
    """`cluster.port.Cluster` for one person, and what the cache knows that this person may read.

    Reads of the port are fresh from the cluster; `known` waits for nothing. A list of all namespaces is, for
    who may not have it, the lists of those where he may: not of one moment, and without a version to watch
    from.
    """

    def __init__(self, name: str, cluster: Cluster, cache: Cache, access: Access) -> None:
        """`cluster` acts with the console's own rights, `access.cluster` is how this person's requests go."""
        self.name = name
        self.access = access
        self._own = cluster
        self._cluster = access.cluster
        self._cache = cache
        self._filtered: dict[Kind, tuple[tuple[Any, ...], Visible, tuple[Any, ...]]] = {}

    def known(self, kind: Kind, namespace: str | None = None) -> Known[Any]:
        """What the cache knows of a kind, without what this person may not list.

        The console's own account gets all of it: by its credentials it was listed.
        """
        found = self._cache.read(kind, namespace)
        if self.access.own:
            return found
        places = self._shown_places(kind, namespace)
        problem = self.access.problem or found.problem
        if found.problem and not self._sees_everything():
            # The cluster's words may name what this person may not read, and the console's account.
            elsewhere = self._outside(Ask("list", kind, namespace)) if namespace else ""
            problem = self.access.problem or elsewhere or NOT_CURRENT
        return replace(found, items=self._filter(kind, found.items, places), problem=problem)

    @property
    def is_nobody(self) -> bool:
        """Whether the person has no Kubernetes identity."""
        return isinstance(self.access, NoAccess)

    def visible(self) -> Visible:
        """The namespaces that this person may read; None: all, which is nobody's where the console is set up
        for some.

        The console's own account is not asked about while its lists say it: it keeps its sight when the
        cluster is away.
        """
        listed = self._listed() if self.access.own else ()
        if listed:
            return None if None in listed else frozenset(place for place in listed if place)
        return self._within(self.access.visible(self._namespaces()))

    def visible_or_raise(self) -> Visible:
        """As `visible`, for who must tell a no from no answer. Raises Unavailable for the latter."""
        if self.access.own and self._listed():
            return self.visible()
        return self._within(self.access.visible_or_raise(self._namespaces()))

    def readable(self, namespace: str) -> bool:
        """Whether this person may read a namespace, by an answer of the last seconds.

        The cluster is not asked about the name: a hidden namespace takes no other time than one that is not.
        """
        visible = self.visible()
        return visible is None or namespace in visible

    def may_read(self, wanted: Iterable[tuple[Kind, str]]) -> set[tuple[Kind, str]]:
        """Of kinds in namespaces, those whose objects may be shown to this person.

        To the console's own account all may where the console looks: it keeps nothing that it has not read or
        written by it.
        """
        pairs = {(kind, place) for kind, place in wanted if not self._outside(Ask("get", kind, place))}
        if self.access.own:
            return pairs
        visible = self.access.visible({place for _, place in pairs})
        shown: set[tuple[Kind, str]] = set()
        for kind in {kind for kind, _ in pairs}:
            places = {
                place for each, place in pairs if each == kind and (visible is None or place in visible)
            }
            # Of services, those that may be listed are shown: that is what makes a namespace readable.
            allowed = self.access.places("get", kind, places) if kind != SERVICE else None
            shown.update((kind, place) for place in places if allowed is None or place in allowed)
        return shown

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """See `cluster.port.Cluster.list`. Raises Forbidden where this person may list it nowhere."""
        places = self._places(kind, namespace)
        if places is None:
            return self._told(
                Ask("list", kind, namespace or ""),
                lambda: self._cluster.list(kind, namespace, label_selector),
            )
        found = [self._cluster.list(kind, place, label_selector) for place in sorted(places)]
        return ObjectList(tuple(item for part in found for item in part.items), "")

    def page(
        self,
        kind: Kind,
        shape: type[T],
        *,
        namespace: str | None = None,
        limit: int = PAGE_SIZE,
        continue_token: str = "",
    ) -> Page[T]:
        """See `cluster.port.Cluster.page`. Raises Forbidden where this person may list it nowhere."""
        places = self._places(kind, namespace)
        if places is None:
            return self._told(
                Ask("list", kind, namespace or ""),
                lambda: self._cluster.page(
                    kind, shape, namespace=namespace, limit=limit, continue_token=continue_token
                ),
            )
        # The token of such a page says in which namespace to go on, and how: "bookinfo/<the cluster's>".
        current, _, token = continue_token.partition("/")
        left = sorted(place for place in places if place >= current)
        if not left:
            return Page((), "")
        within = token if left[0] == current else ""
        page = self._cluster.page(kind, shape, namespace=left[0], limit=limit, continue_token=within)
        following = f"{left[0]}/{page.continue_token}" if page.continue_token else "/".join([*left[1:2], ""])
        return Page(page.items, "", "" if following == "/" else following)

    def watch(
        self,
        kind: Kind,
        shape: type[T],
        resource_version: str,
        *,
        namespace: str | None = None,
        seconds: float,
        silence: float,
    ) -> Watch[T]:
        """See `cluster.port.Cluster.watch`; of all namespaces only for who may read and watch all.

        Raises Forbidden. Rights that are taken away later end it only after `seconds`.
        """
        ask = Ask("watch", kind, namespace or "")
        if self._places(kind, namespace) is not None or not self.access.may_now(ask):
            raise self._forbidden(ask)
        return self._cluster.watch(
            kind, shape, resource_version, namespace=namespace, seconds=seconds, silence=silence
        )

    def get(self, ref: Ref) -> Manifest:
        """See `cluster.port.Cluster.get`. Raises Forbidden."""
        ref = ref.checked()
        ask = Ask("get", ref.kind, ref.namespace, ref.name)
        place = ref.name if ref.kind == NAMESPACE else ref.namespace
        if not self.readable(place) or (self.access.asks_first and not self.access.may(ask)):
            raise self._forbidden(ask)
        return self._told(ask, lambda: self._cluster.get(ref))

    def log(self, namespace: str, pod: str, container: str, *, tail_lines: int, silence: float) -> Log:
        """See `cluster.port.Cluster.log`. Raises Forbidden. Rights that are taken away later do not end
        it.
        """
        ask = Ask("get", POD, namespace, pod, "log")
        if not self.readable(namespace) or (self.access.asks_first and not self.access.may_now(ask)):
            raise self._forbidden(ask)
        return self._told(
            ask,
            lambda: self._cluster.log(namespace, pod, container, tail_lines=tail_lines, silence=silence),
        )

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.create`. Raises Forbidden."""
        ref = Ref.of(manifest)
        ask = Ask("create", ref.kind, ref.namespace)
        return self._written(ask, lambda: self._cluster.create(manifest, dry_run=dry_run))

    def replace(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """See `cluster.port.Cluster.replace`. Raises Forbidden."""
        ref = Ref.of(manifest)
        ask = Ask("update", ref.kind, ref.namespace, ref.name)
        return self._written(ask, lambda: self._cluster.replace(manifest, dry_run=dry_run))

    def delete(self, ref: Ref, resource_version: str, *, uid: str = "", dry_run: bool = False) -> None:
        """See `cluster.port.Cluster.delete`. Raises Forbidden."""
        ref = ref.checked()
        ask = Ask("delete", ref.kind, ref.namespace, ref.name)
        self._written(ask, lambda: self._cluster.delete(ref, resource_version, uid=uid, dry_run=dry_run))

    def served_version(self, kind: Kind) -> str | None:
        """See `cluster.port.Cluster.served_version`; no secret among people with an identity, and asked once
        for all of them. Raises Forbidden for the others.
        """
        return self._of_the_console(lambda: self._own.served_version(kind))

    def server_version(self) -> str:
        """See `cluster.port.Cluster.server_version`; for whom as `served_version`."""
        return self._of_the_console(self._own.server_version)

    def definition(self, kind: Kind) -> Definition:
        """What the cluster says of a kind's fields, as `definitions.read`; for whom as `served_version`."""
        return self._of_the_console(lambda: definitions.read(self._own, kind))

    def may(self, ask: Ask, identity: Identity | None = None) -> bool:
        """See `cluster.port.Cluster.may`. Raises Forbidden for a question about somebody else."""
        if identity is not None:
            raise Forbidden(f"{self.access.who} may not ask for the rights of others.", status=403)
        return not self._outside(ask) and self.access.answer(ask)

    def acting_as(self, identity: Identity) -> Cluster:
        """Nobody acts as somebody else through a person's cluster. Raises Forbidden."""
        raise Forbidden(f"{self.access.who} may not act as user {identity.user}.", status=403)

    def why_not(self, ask: Ask) -> str:
        """Why this person may not do something, by an answer of the last seconds; empty when he may."""
        if self._may_shortly(ask):
            return ""
        return self.access.problem or self._forbidden(ask).detail

    def hidden(self, kind: Kind, namespaces: Iterable[str]) -> frozenset[str]:
        """Of these namespaces, those in which `known` leaves the objects of a kind out."""
        names = frozenset(namespaces)
        if self.access.own:
            return frozenset()
        shown = self.access.places("list", kind, names)
        return frozenset() if shown is None else names - shown

    def _places(self, kind: Kind, namespace: str | None) -> Visible:
        """Where this person may list a kind: None where one list answers it. Raises Forbidden."""
        ask = Ask("list", kind, namespace or "")
        if namespace is not None:
            if not self.readable(namespace) or (self.access.asks_first and not self.access.may(ask)):
                raise self._forbidden(ask)
            return None
        places = self._shown_places(kind, None)
        if places is not None and (not places or not kind.namespaced):
            raise self._forbidden(ask)
        return places

    def _shown_places(self, kind: Kind, namespace: str | None) -> Visible:
        """Where objects of a kind may be shown; of namespaces themselves, those that may be read."""
        if namespace is not None:
            mine = self.readable(namespace) and self._may_shortly(Ask("list", kind, namespace))
            return None if mine else frozenset()
        visible = self.visible()
        if kind == NAMESPACE:
            return visible
        if visible is None or not kind.namespaced:
            return self.access.places("list", kind, self._namespaces() if kind.namespaced else ())
        allowed = self.access.places("list", kind, visible)
        return visible if allowed is None else visible & allowed

    def _may_shortly(self, ask: Ask) -> bool:
        if self._outside(ask):
            return False
        everywhere = replace(ask, namespace="", name="")
        # What is allowed in all namespaces is allowed in each: one answer serves them all.
        return self.access.may(everywhere) or (ask != everywhere and self.access.may(ask))

    def _listed(self) -> tuple[str | None, ...]:
        """Where the cache has listed services, by the console's own account; None: everywhere."""
        return tuple(each.namespace for each in self._cache.status() if each.kind == SERVICE and each.synced)

    def _namespaces(self) -> Iterable[str]:
        # One by one, and so only where somebody asks: who may read all of them needs no list.
        yield from self._cache.namespaces or (
            item.metadata.name for item in self._cache.read(NAMESPACE).items
        )

    def _within(self, allowed: Visible) -> Visible:
        """Of where this person may read, that into which the console looks."""
        places = self._cache.namespaces
        return frozenset(places) if allowed is None and places else allowed

    def _outside(self, ask: Ask) -> str:
        """Why the console is not to go there, whoever asks; empty where it is."""
        places = self._cache.namespaces
        place = ask.name if ask.kind == NAMESPACE else ask.namespace
        bounded = ask.kind.namespaced or ask.kind == NAMESPACE
        return outside(place) if bounded and places and place not in places else ""

    def _sees_everything(self) -> bool:
        """Whether no word about the cluster is to be kept from this person."""
        return self.access.own or self.visible() is None

    def _filter(self, kind: Kind, items: tuple[Any, ...], places: Visible) -> tuple[Any, ...]:
        """The items in these places; the answer for the same items and places is kept."""
        if not places:
            return items if places is None else ()
        last = self._filtered.get(kind)
        if last is not None and last[0] is items and last[1] == places:
            return last[2]
        shown = tuple(item for item in items if _place(kind, item) in places)
        self._filtered[kind] = (items, places, shown)
        return shown

    def _told(self, ask: Ask, send: Callable[[], T]) -> T:
        """Sends a request; a refusal names who wanted what."""
        try:
            return send()
        except Forbidden as error:
            # By review it is the console's account that the cluster refuses, and speaks of.
            refused = self._kept_back(error) if self.access.asks_first else error
            raise Forbidden(f"{self._refusal(ask)} {refused.detail}", status=403) from error
        except Unavailable as error:
            # Without a status it is not the cluster's answer, but what the console knows of its own failure.
            if error.status is None:
                raise self._kept_back(error) from None
            raise

    def _of_the_console(self, send: Callable[[], T]) -> T:
        """Sends what the console asks for itself; its troubles are told to who sees everything."""
        if self.is_nobody:
            raise Forbidden(NO_IDENTITY, status=403)
        try:
            return send()
        except ClusterError as error:
            raise self._kept_back(error) from None

    def _kept_back(self, error: ClusterError) -> ClusterError:
        """An error of the console's own; its detail is for who sees everything, and for the log."""
        if self._sees_everything():
            return error
        self.access.told(error)
        return type(error)(status=error.status)

    def _written(self, ask: Ask, send: Callable[[], T]) -> T:
        """Sends a write; where the console's account sends it, the person's right is asked for right now."""
        if self._outside(ask):
            raise self._forbidden(ask)
        if self.access.asks_first and not self.access.may_now(ask):
            raise self._forbidden(ask)
        return self._told(ask, send)

    def _forbidden(self, ask: Ask) -> Forbidden:
        if self.is_nobody:
            return Forbidden(NO_IDENTITY, status=403)
        return Forbidden(self._outside(ask) or self._refusal(ask), status=403)

    def _refusal(self, ask: Ask) -> str:
        who = self.access.who
        return f"{who[0].upper()}{who[1:]} may not {ask}."


def acting(
    name: str, cluster: Cluster, cache: Cache, identity: Identity | None, mode: Mode = "impersonate"
) -> PersonCluster:
    """The cluster for one identity (None: the console's own account), shared by all who ask for it.

    So the answers about its rights are shared too; those who came longest ago are forgotten.
    """
    key: Any = cluster  # of no protocol that says so, every cluster can be a key
    return _shared(name, key, cache, identity, mode)


@lru_cache(maxsize=MAX_PEOPLE)
def _shared(name: str, cluster: Any, cache: Cache, identity: Identity | None, mode: Mode) -> PersonCluster:
    return PersonCluster(name, cluster, cache, Access(cluster, identity, mode))


def nobody(name: str, cluster: Cluster, cache: Cache) -> PersonCluster:
    """The cluster for a person without an identity."""
    return PersonCluster(name, cluster, cache, NoAccess(cluster))


def _place(kind: Kind, item: Any) -> str:
    """The namespace by which an object is shown or not."""
    if isinstance(item, dict):
        return str(item["metadata"].get("namespace", ""))
    metadata = item.metadata
    return str(metadata.name if kind == NAMESPACE else metadata.namespace)
