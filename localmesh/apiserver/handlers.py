"""The verbs of the API on its resources: from a parsed request to an answer."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from localmesh.apiserver import bodies, deletions, kinds, namespaces, patching, reviews
from localmesh.apiserver.access.asks import ask_of
from localmesh.apiserver.access.authorizer import Authorizer
from localmesh.apiserver.access.users import MASTERS, User
from localmesh.apiserver.errors import NotFound, not_found
from localmesh.apiserver.listing import page
from localmesh.apiserver.logs import LogOptions, LogReader
from localmesh.apiserver.reads import Form, served
from localmesh.apiserver.records import decode, encode
from localmesh.apiserver.requests import Accepted, Options, Target, accepted, flag, options_of
from localmesh.apiserver.store import Clock, Store
from localmesh.apiserver.streams import Streams
from localmesh.apiserver.writes import Body, Result, Writes, refuse_subresource

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_SUBRESOURCE_VERBS = {"log": ("get",), "finalize": ("update",)}
#: Whose writers may not hand out more rights than they have.
_GRANTS = (kinds.ROLES, kinds.CLUSTER_ROLES, kinds.ROLE_BINDINGS, kinds.CLUSTER_ROLE_BINDINGS)


@dataclass(frozen=True, slots=True)
class Answer:
    """A body to send, with its status and warnings."""

    body: bytes
    status: int = 200
    warnings: tuple[str, ...] = ()


class Handlers:
    """What each verb does, once the request as such has been allowed."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        streams: Streams,
        log_reader: LogReader,
        authorizer: Authorizer,
    ) -> None:
        self._store = store
        self._clock = clock
        self._streams = streams
        self._log_reader = log_reader
        self._authorizer = authorizer
        self._writes = Writes(store, clock)

    async def handle(
        self, request: web.Request, target: Target, user: User, body: bytes
    ) -> web.StreamResponse | Answer:
        """Answer a user's request for a resource. Raises any `ApiError`."""
        form, query = accepted(request.headers.get("Accept", "")), request.query
        if request.method in ("GET", "HEAD"):
            if target.subresource == "log":
                return await self._log(request, target, query)
            if flag(query, "watch") and target.name is None:
                _check_verb(target, "watch")
                return await self._streams.watch(request, target, query, form)
            return await self._read(request, target, form)
        if request.method == "DELETE":
            return await self._delete(request, target, body)
        result = self._write(request, target, user, body)
        return result if isinstance(result, Answer) else self._answered(target, result, form)

    async def _read(
        self, request: web.Request, target: Target, accepted_form: Accepted
    ) -> web.StreamResponse | Answer:
        _check_verb(target, "get")
        form = Form(target, accepted_form, request.query, self._clock)
        if target.name is None:
            found = await page(self._store, target, request.query)
            return await self._streams.list(request, form.many(found))
        record = self._store.record(target.resource, target.namespace, target.name)
        if record is None:
            raise not_found(target.resource.plural, target.resource.group, target.name)
        raw = served(target, record.raw)
        if target.subresource == "scale":
            return Answer(encode(patching.scale_of(decode(raw))))
        return Answer(form.one(raw))

    async def _log(
        self, request: web.Request, target: Target, query: Mapping[str, str]
    ) -> web.StreamResponse:
        self._writes.current(target)
        options = LogOptions.of(query)
        pieces = self._log_reader(str(target.namespace), str(target.name), options)
        return await self._streams.log(request, pieces, options.limit_bytes)

    def _write(self, request: web.Request, target: Target, user: User, raw: bytes) -> Result | Answer:
        verb = _VERBS.get(request.method, "")
        _check_verb(target, verb)
        _check_place(target, verb)
        value, repeated = _parsed(request, raw)
        body = Body(value, tuple(repeated))
        if target.resource.verbs == kinds.CREATE_ONLY:
            answer = reviews.review(self._authorizer, user, target, value, self._writes.now())
            return Answer(encode(answer), 201)
        options = options_of(request.query, request.headers.get("User-Agent", ""))
        if MASTERS not in user.groups:
            self._check_outcome(request, target, user, body, options)
        return self._perform(request, target, body, options)

    def _check_outcome(
        self, request: web.Request, target: Target, user: User, body: Body, options: Options
    ) -> None:
        """What only the outcome of a write tells: an apply that creates must be allowed to, and nobody may
        hand out rights that they do not have.
        """
        applies = _media_type(request) == patching.APPLY_PATCH
        if not applies and target.resource not in _GRANTS:
            return
        outcome = self._perform(request, target, deepcopy(body), replace(options, dry_run=True))
        if applies and outcome.created:
            ask = ask_of("PATCH", _path_of(target), {})
            self._authorizer.check(user, replace(ask, verb="create"))
        self._authorizer.check_grant(user, target, outcome.object)

    def _perform(self, request: web.Request, target: Target, body: Body, options: Options) -> Result:
        if request.method == "PATCH":
            return patching.patch(self._writes, target, _media_type(request), body, options)
        if request.method == "POST":
            return self._created(target, body, options)
        if target.subresource == "scale":
            return patching.scale_to(self._writes, target, body, options)
        if target.subresource == "finalize":
            return namespaces.finalize(self._writes, target, body, options)
        return self._writes.replace(target, body, options)

    def _created(self, target: Target, body: Body, options: Options) -> Result:
        result = self._writes.create(target, body, options)
        if target.resource is kinds.NAMESPACES and not options.dry_run:
            metadata = {"name": "default", "namespace": result.object["metadata"]["name"]}
            self._store.create(kinds.SERVICE_ACCOUNTS, {"metadata": metadata})
        return result

    async def _delete(self, request: web.Request, target: Target, raw: bytes) -> web.StreamResponse | Answer:
        verb = "delete" if target.name else "deletecollection"
        _check_verb(target, verb)
        _check_place(target, verb)
        value, _ = _parsed(request, raw)
        wanted = deletions.delete_options(value, request.query)
        if target.name is not None:
            return Answer(encode(deletions.delete(self._store, target, wanted)))
        found = await page(self._store, target, request.query)
        names = [each.name for each in found.records]
        deletions.delete_collection(self._store, target, names, wanted)
        form = Form(target, Accepted(), {}, self._clock)
        return await self._streams.list(request, form.many(found))

    def _answered(self, target: Target, result: Result, accepted_form: Accepted) -> Answer:
        form = Form(target, accepted_form, {}, self._clock)
        return Answer(form.one(encode(result.object)), 201 if result.created else 200, result.warnings)


def _media_type(request: web.Request) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _parsed(request: web.Request, raw: bytes) -> tuple[Any, list[str]]:
    return bodies.parse(raw, _media_type(request)) if raw else (None, [])


def _path_of(target: Target) -> tuple[str, ...]:
    resource = target.resource
    root = ("apis", resource.group) if resource.group else ("api",)
    where = ("namespaces", target.namespace) if target.namespace else ()
    return (*root, target.version, *where, resource.plural, str(target.name))


def _check_verb(target: Target, verb: str) -> None:
    """Whether the resource, or its subresource, knows the verb at all."""
    allowed = target.resource.verbs
    if target.subresource:
        allowed = _SUBRESOURCE_VERBS.get(target.subresource, ("get", "update", "patch"))
    if verb not in allowed:
        raise refuse_subresource(target, verb)


def _check_place(target: Target, verb: str) -> None:
    """Whether the verb fits the path: new objects go to a collection of one namespace, the rest to one
    object.
    """
    if verb in ("create", "deletecollection"):
        if target.resource.namespaced and target.namespace is None:
            raise refuse_subresource(target, verb)
        if target.name is not None:
            raise refuse_subresource(target, verb)
    elif target.name is None:
        raise refuse_subresource(target, verb)


def too_short(parts: tuple[str, ...]) -> bool:
    """Whether a path under /api or /apis ends before a resource."""
    return len(parts) < (3 if parts[0] == "api" else 4)


def unknown_path() -> NotFound:
    """The error for a path that leads nowhere."""
    return NotFound("the server could not find the requested resource")
