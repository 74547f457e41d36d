"""The product page: the one service that people see; it asks details and reviews.

The waiting times are the original's (samples/bookinfo/src/productpage): 3 s for each call, and reviews is
asked twice. Istio's fault-injection task lives off exactly this.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from aiohttp import web

from localmesh.bookinfo import pages
from localmesh.bookinfo.service import EXTRA_HEADERS, CallError, Service, product_id

MEDIAN_MS = 3.0
_TIMEOUT_SECONDS = 3.0
_REVIEW_ATTEMPTS = 2
_TITLE = "The Comedy of Errors"
_SUMMARY = "By William Shakespeare: two pairs of twins, parted at birth, meet in Ephesus without knowing it."
# A user name becomes a header value: letters, digits and a few marks.
_USER = re.compile(r"[A-Za-z0-9._@-]{1,64}")
_STATIC = Path(__file__).parent / "static"
_log = logging.getLogger(__name__)


def application(service: Service) -> web.Application:
    """Serve the page, signing in and out, the JSON API and the style sheet."""
    served = service.application()
    shop = _Shop(service)
    served.router.add_get("/", shop.index)
    served.router.add_get("/index.html", shop.index)
    served.router.add_get("/productpage", shop.page)
    served.router.add_post("/login", shop.login)
    served.router.add_get("/logout", shop.logout)
    served.router.add_get("/api/v1/products", shop.products)
    served.router.add_get("/api/v1/products/{id}", shop.details)
    served.router.add_get("/api/v1/products/{id}/reviews", shop.reviews)
    served.router.add_get("/api/v1/products/{id}/ratings", shop.ratings)
    served.router.add_static("/static", _STATIC)
    return served


class _Shop:
    def __init__(self, service: Service) -> None:
        self._service = service

    async def index(self, _: web.Request) -> web.Response:
        return web.Response(text=pages.index(), content_type="text/html")

    async def page(self, request: web.Request) -> web.Response:
        user = _recognise(request)
        _, details = await self._ask(request, "details", 0)
        _, reviews = await self._ask(request, "reviews", 0, attempts=_REVIEW_ATTEMPTS)
        html = pages.product(
            title=_TITLE, summary=_SUMMARY, details=details, reviews=reviews, user=user, pod=self._service.pod
        )
        return web.Response(text=html, content_type="text/html")

    async def login(self, request: web.Request) -> web.Response:
        user = str((await request.post()).get("username", "")).strip()
        if not _USER.fullmatch(user):
            raise web.HTTPBadRequest(text="a user name has 1 to 64 of: letters, digits, . _ @ -")
        answer = web.Response(status=303, headers={"location": "/productpage"})
        answer.set_cookie("user", user, httponly=True, samesite="Lax")
        return answer

    async def logout(self, _: web.Request) -> web.Response:
        answer = web.Response(status=303, headers={"location": "/productpage"})
        answer.del_cookie("user")
        return answer

    async def products(self, _: web.Request) -> web.Response:
        return web.json_response([{"id": 0, "title": _TITLE, "descriptionHtml": _SUMMARY}])

    async def details(self, request: web.Request) -> web.Response:
        return await self._answer(request, "details")

    async def reviews(self, request: web.Request) -> web.Response:
        return await self._answer(request, "reviews", attempts=_REVIEW_ATTEMPTS)

    async def ratings(self, request: web.Request) -> web.Response:
        return await self._answer(request, "ratings")

    async def _answer(self, request: web.Request, what: str, attempts: int = 1) -> web.Response:
        _recognise(request)
        status, body = await self._ask(request, what, product_id(request), attempts=attempts)
        return web.json_response(body, status=status)

    async def _ask(
        self, request: web.Request, what: str, number: int, *, attempts: int = 1
    ) -> tuple[int, Any]:
        status = 500
        for _ in range(attempts):
            try:
                path = f"/{what}/{number}"
                return 200, await self._service.call(request, f"{what}:9080", path, _TIMEOUT_SECONDS)
            except CallError as error:
                _log.warning("%s", error)
                status = error.status
        return status, {"error": f"Sorry, product {what} are currently unavailable for this book."}


def _recognise(request: web.Request) -> str:
    """Who is signed in, from the cookie or the `end-user` header; handed on to every call of this request."""
    user = request.cookies.get("user") or request.headers.get("end-user") or ""
    if not _USER.fullmatch(user):
        return ""
    request[EXTRA_HEADERS] = {"end-user": user}
    return user
