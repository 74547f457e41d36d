"""The verbs of the API on its resources: from a parsed request to an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from localmesh.apiserver import bodies, deletions, kinds, patching, reviews, tables
from localmesh.apiserver.errors import NotFound, not_found
from localmesh.apiserver.logs import LogOptions, LogReader
from localmesh.apiserver.reads import list_body, page, served
from localmesh.apiserver.requests import Accepted, Target, accepted, flag, options_of
from localmesh.apiserver.store import Clock, Object, Store, decode, encode
from localmesh.apiserver.streams import Streams
from localmesh.apiserver.writes import Body, Result, Writes, refuse_subresource


@dataclass(frozen=True, slots=True)
class Answer:
    """A body to send, with its status and warnings."""

    body: bytes
    status: int = 200
    warnings: tuple[str, ...] = ()


class Handlers:
    """What each verb does."""

    def __init__(self, store: Store, clock: Clock, streams: Streams, log_reader: LogReader) -> None:
        self._store = store
        self._clock = clock
        self._streams = streams
        self._log_reader = log_reader
        self._writes = Writes(store, clock)

    async def handle(self, request: web.Request, target: Target, body: bytes) -> web.StreamResponse | Answer:
        """Answer a request for a resource. Raises any `ApiError`."""
        form, query = accepted(request.headers.get("Accept", "")), request.query
        if request.method in ("GET", "HEAD"):
            if target.subresource == "log":
                return await self._log(request, target, query)
            if flag(query, "watch") and target.name is None:
                _check_verb(target, "watch")
                return await self._streams.watch(request, target, query, form)
            return self._read(target, query, form)
        result = self._write(request, target, body)
        return result if isinstance(result, Answer) else self._answered(target, result, form)

    def _read(self, target: Target, query: Mapping[str, str], form: Accepted) -> Answer:
        _check_verb(target, "get")
        if target.name is None:
            return self._list(target, query, form)
        record = self._store.record(target.resource, target.namespace, target.name)
        if record is None:
            raise not_found(target.resource.plural, target.resource.group, target.name)
        raw = served(target, record.raw)
        if target.subresource == "scale":
            return Answer(encode(patching.scale_of(decode(raw))))
        return Answer(self._formed(target, raw, query, form))

    def _list(self, target: Target, query: Mapping[str, str], form: Accepted) -> Answer:
        found = page(self._store, target, query)
        if not form.kind:
            return Answer(list_body(target, found))
        objects = [decode(served(target, each.raw)) for each in found.records]
        metadata = {"resourceVersion": str(found.revision)}
        if found.go_on:
            metadata["continue"] = found.go_on
        return Answer(self._formed_list(target, objects, metadata, query, form))

    def _formed_list(
        self,
        target: Target,
        objects: list[Object],
        metadata: dict[str, str],
        query: Mapping[str, str],
        form: Accepted,
    ) -> bytes:
        if form.kind == "Table":
            include = query.get("includeObject", "")
            return encode(tables.table(target.resource, objects, self._clock(), include=include, **metadata))
        if form.kind == "PartialObjectMetadataList":
            items = [tables.partial(each) for each in objects]
            head = {"kind": form.kind, "apiVersion": "meta.k8s.io/v1", "metadata": metadata}
            return encode({**head, "items": items})
        head = {"kind": target.resource.list_kind, "apiVersion": target.api_version, "metadata": metadata}
        return encode({**head, "items": objects})

    def _formed(self, target: Target, raw: bytes, query: Mapping[str, str], form: Accepted) -> bytes:
        if form.kind == "Table":
            obj = decode(raw)
            version = obj["metadata"].get("resourceVersion", "")
            include = query.get("includeObject", "")
            return encode(
                tables.table(target.resource, [obj], self._clock(), include=include, resourceVersion=version)
            )
        return encode(tables.partial(decode(raw))) if form.kind == "PartialObjectMetadata" else raw

    async def _log(
        self, request: web.Request, target: Target, query: Mapping[str, str]
    ) -> web.StreamResponse:
        self._writes.current(target)
        options = LogOptions.of(query)
        pieces = self._log_reader(str(target.namespace), str(target.name), options)
        return await self._streams.log(request, pieces, options.limit_bytes)

    def _write(self, request: web.Request, target: Target, raw: bytes) -> Result | Answer:
        verb = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}.get(
            request.method, ""
        )
        if verb == "delete" and target.name is None:
            verb = "deletecollection"
        _check_verb(target, verb)
        _check_place(target, verb)
        media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        value, repeated = bodies.parse(raw, media) if raw else (None, [])
        if verb.startswith("delete"):
            return self._delete(request, target, value)
        options = options_of(request.query, request.headers.get("User-Agent", ""))
        body = Body(value, tuple(repeated))
        if target.resource.verbs == kinds.CREATE_ONLY:
            return Answer(encode(reviews.review(target, value, self._writes.now())), 201)
        if verb == "patch":
            return patching.patch(self._writes, target, media, body, options)
        if verb == "create":
            return self._created(target, body, request)
        if target.subresource == "scale":
            return patching.scale_to(self._writes, target, body, options)
        return self._writes.replace(target, body, options)

    def _created(self, target: Target, body: Body, request: web.Request) -> Result:
        options = options_of(request.query, request.headers.get("User-Agent", ""))
        result = self._writes.create(target, body, options)
        if target.resource is kinds.NAMESPACES and not options.dry_run:
            metadata = {"name": "default", "namespace": result.object["metadata"]["name"]}
            self._store.create(kinds.SERVICE_ACCOUNTS, {"metadata": metadata})
        return result

    def _delete(self, request: web.Request, target: Target, value: Any) -> Answer:
        options = options_of(request.query, request.headers.get("User-Agent", ""))
        wanted = deletions.delete_options(value, request.query.get("propagationPolicy", ""))
        if target.name is not None:
            return Answer(encode(deletions.delete(self._store, target, wanted, options)))
        found = page(self._store, target, request.query)
        chosen = [each.object for each in found.records]
        answer = list_body(target, found)
        deletions.delete_collection(self._store, target, chosen, wanted, options)
        return Answer(answer)

    def _answered(self, target: Target, result: Result, form: Accepted) -> Answer:
        status = 201 if result.created else 200
        body = self._formed(target, encode(result.object), {}, form)
        return Answer(body, status, result.warnings)


def _check_verb(target: Target, verb: str) -> None:
    """Whether the resource, or its subresource, knows the verb at all."""
    allowed = target.resource.verbs
    if target.subresource:
        allowed = ("get",) if target.subresource == "log" else ("get", "update", "patch")
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
