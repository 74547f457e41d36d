"""Answers about the API itself: its version, its resources, its schemas."""

from typing import Any

from aiohttp import web

from localmesh.apiserver import discovery, openapi
from localmesh.apiserver.errors import NotAcceptable
from localmesh.apiserver.handlers import unknown_path
from localmesh.apiserver.records import encode
from localmesh.apiserver.requests import Accepted, accepted

VERSION = {
    "major": "1",
    "minor": "32",
    "gitVersion": "v1.32.4+localmesh",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "2026-01-01T00:00:00Z",
    "goVersion": "none",
    "compiler": "cpython",
    "platform": "linux/amd64",
}


def about(parts: tuple[str, ...], accept: str, prefix: str, address: str) -> web.Response:
    """The answer at a path that names no resource.

    `prefix` is what stood before the path, `address` where the server listens. Raises `NotFound`, and
    `NotAcceptable` where only protobuf would do.
    """
    if parts[:1] == ("openapi",):
        return answered(_schemas(parts, accept, prefix))
    form = accepted(accept)
    if parts in (("api",), ("apis",)) and form.kind == "APIGroupDiscoveryList":
        return _aggregated(form, core=parts == ("api",))
    return answered(encode(VERSION if parts == ("version",) else _resources(parts, address)))


def answered(body: bytes, status: int = 200) -> web.Response:
    """An answer in JSON."""
    return web.Response(body=body, status=status, content_type="application/json")


def _schemas(parts: tuple[str, ...], accept: str, prefix: str) -> bytes:
    match parts[1:]:
        case ("v2",):
            if "protobuf" in accept and "json" not in accept:
                raise NotAcceptable("only the following media types are accepted: application/json")
            found = openapi.document_v2()
        case ("v3",):
            found = encode(openapi.index(prefix))
        case ("v3", "api", version):
            found = openapi.document_v3("", version)
        case ("v3", "apis", group, version):
            found = openapi.document_v3(group, version)
        case _:
            raise unknown_path()
    return found


def _aggregated(form: Accepted, *, core: bool) -> web.Response:
    media = f"application/json;g={form.group};v={form.version};as={form.kind}"
    body = encode(discovery.aggregated(form.version, core=core))
    return web.Response(body=body, headers={"Content-Type": media})


def _resources(parts: tuple[str, ...], address: str) -> dict[str, Any]:
    match parts:
        case ("api",):
            found = discovery.core_versions(address)
        case ("apis",):
            found = discovery.group_list()
        case ("api", version):
            found = discovery.resource_list("", version)
        case ("apis", group):
            found = discovery.group(group)
        case ("apis", group, version):
            found = discovery.resource_list(group, version)
        case _:
            raise unknown_path()
    return found
