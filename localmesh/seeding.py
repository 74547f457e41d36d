"""Puts the demo's manifests into a fresh API server, over HTTP, so that they are checked like any other."""

from collections.abc import Iterable
from typing import Any

import aiohttp

from localmesh.apiserver import kinds
from localmesh.apiserver.store import Store
from localmesh.workloads.tuning import REQUESTS_PER_SECOND

_CREATED = (200, 201)
_EXISTS = 409


class SeedingError(Exception):
    """The API server refused one of the demo's manifests."""


async def seed(url: str, token: str, documents: Iterable[dict[str, Any]]) -> None:
    """Create each object that is not there yet. Raises SeedingError with the server's own words."""
    headers = {"authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(url, headers=headers) as session:
        for document in documents:
            async with session.post(_path(document), json=document) as answer:
                if answer.status not in {*_CREATED, _EXISTS}:
                    said = await answer.text()
                    what = f"{document['kind']} {document['metadata']['name']}"
                    raise SeedingError(f"{what}: {answer.status} {said}")


def set_rate(store: Store, requests_per_second: float) -> None:
    """Turn the traffic of a mesh that was there before; nothing happens where its Deployment is gone."""
    traffic = store.get(kinds.DEPLOYMENTS, "load", "traffic")
    if traffic is not None:
        notes = traffic["metadata"].setdefault("annotations", {})
        notes[REQUESTS_PER_SECOND] = f"{requests_per_second:g}"
        store.update(kinds.DEPLOYMENTS, traffic)


def _path(document: dict[str, Any]) -> str:
    group, _, version = document["apiVersion"].rpartition("/")
    resource = kinds.by_kind(group, document["kind"])
    if resource is None:
        raise SeedingError(f"{document['kind']} {document['apiVersion']} is not served")
    root = f"/apis/{group}/{version}" if group else f"/api/{version}"
    where = f"/namespaces/{document['metadata']['namespace']}" if resource.namespaced else ""
    return f"{root}{where}/{resource.plural}"
