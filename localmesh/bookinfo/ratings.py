"""The ratings service: two reviewers' stars."""

from __future__ import annotations

from aiohttp import web

from localmesh.bookinfo.service import Service, product_id

MEDIAN_MS = 2.0


def application(service: Service) -> web.Application:
    """Serve `GET /ratings/{id}`."""

    async def ratings(request: web.Request) -> web.Response:
        stars = {"Reviewer1": 5, "Reviewer2": 4}
        return web.json_response({"id": product_id(request), "ratings": stars, "podname": service.pod})

    served = service.application()
    served.router.add_get("/ratings/{id}", ratings)
    return served
