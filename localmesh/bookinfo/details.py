"""The details service: what is printed on the book."""

from __future__ import annotations

from aiohttp import web

from localmesh.bookinfo.service import Service, product_id

MEDIAN_MS = 2.0


def application(service: Service) -> web.Application:
    """Serve `GET /details/{id}`."""

    async def details(request: web.Request) -> web.Response:
        book = {
            "id": product_id(request),
            "author": "William Shakespeare",
            "year": 1595,
            "type": "paperback",
            "pages": 200,
            "publisher": "PublisherA",
            "language": "English",
            "ISBN-10": "1234567890",
            "ISBN-13": "123-1234567890",
            "podname": service.pod,
        }
        return web.json_response(book)

    served = service.application()
    served.router.add_get("/details/{id}", details)
    return served
