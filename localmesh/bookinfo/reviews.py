"""The reviews service: v1 without stars, v2 with black ones, v3 with red ones, which it asks of ratings.

When ratings fails it still answers 200 and says so beside each review, as the original does.
"""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from localmesh.bookinfo.service import CallError, Service, product_id

MEDIAN_MS = 4.0
COLOURS = {"v2": "black", "v3": "red"}
# As in Istio's samples/bookinfo/src/reviews: black stars wait 10 s for ratings, others 2.5 s.
TIMEOUT_SECONDS = {"black": 10.0, "red": 2.5}
UNAVAILABLE = "Ratings service is currently unavailable"
_TEXTS = {
    "Reviewer1": "Two pairs of twins, one town, and not a dull minute in it.",
    "Reviewer2": "Quick and funny on the stage; on paper the confusion is the whole of the plot.",
}
_log = logging.getLogger(__name__)


def application(service: Service) -> web.Application:
    """Serve `GET /reviews/{id}`."""
    colour = COLOURS.get(service.version)

    async def reviews(request: web.Request) -> web.Response:
        number = product_id(request)
        stars = await _stars(service, request, number, colour) if colour else {}
        body = {
            "id": str(number),
            "podname": service.pod,
            "clustername": None,
            "reviews": [_review(reviewer, colour, stars) for reviewer in _TEXTS],
        }
        return web.json_response(body)

    served = service.application()
    served.router.add_get("/reviews/{id}", reviews)
    return served


async def _stars(service: Service, request: web.Request, number: int, colour: str) -> dict[str, int]:
    try:
        body = await service.call(request, "ratings:9080", f"/ratings/{number}", TIMEOUT_SECONDS[colour])
        return {reviewer: int(stars) for reviewer, stars in body["ratings"].items()}
    except CallError as error:
        _log.warning("%s", error)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        _log.warning("ratings answered something else: %r", error)
    return {}


def _review(reviewer: str, colour: str | None, stars: dict[str, int]) -> dict[str, Any]:
    review: dict[str, Any] = {"reviewer": reviewer, "text": _TEXTS[reviewer]}
    if colour:
        given = stars.get(reviewer)
        review["rating"] = {"error": UNAVAILABLE} if given is None else {"stars": given, "color": colour}
    return review
