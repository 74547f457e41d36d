"""The HTML of the product page, from plain data; every value is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

_DETAILS = {
    "type": "Type",
    "pages": "Pages",
    "publisher": "Publisher",
    "language": "Language",
    "ISBN-10": "ISBN-10",
    "ISBN-13": "ISBN-13",
}
_FULL = 5


def index() -> str:
    """The start page, which links to the product page."""
    return _page("Bookinfo", '<p><a href="/productpage">The Comedy of Errors</a></p>', "", "")


def product(
    *, title: str, summary: str, details: Mapping[str, Any], reviews: Mapping[str, Any], user: str, pod: str
) -> str:
    """The product page; details and reviews are the services' answers, or `{"error": ...}`."""
    body = (
        f"<h1>{escape(title)}</h1><p>{escape(summary)}</p><main>"
        f"<section><h2>Book Details</h2>{_details(details)}</section>"
        f"<section><h2>Book Reviews</h2>{_reviews(reviews)}</section></main>"
    )
    return _page(title, body, user, pod)


def _details(details: Mapping[str, Any]) -> str:
    if "error" in details:
        return f'<p class="error">{escape(str(details["error"]))}</p>'
    rows = (
        f"<tr><th>{label}</th><td>{escape(str(details[key]))}</td></tr>"
        for key, label in _DETAILS.items()
        if key in details
    )
    return f"<table>{''.join(rows)}</table>"


def _reviews(reviews: Mapping[str, Any]) -> str:
    if "error" in reviews:
        return f'<p class="error">{escape(str(reviews["error"]))}</p>'
    served = f"<p>Reviews served by: <code>{escape(str(reviews.get('podname', '')))}</code></p>"
    return "".join(_review(each) for each in reviews.get("reviews", ())) + served


def _review(review: Mapping[str, Any]) -> str:
    return (
        f"<blockquote>{escape(str(review.get('text', '')))}"
        f"<footer>{escape(str(review.get('reviewer', '')))}</footer>"
        f"{_stars(review.get('rating'))}</blockquote>"
    )


def _stars(rating: Mapping[str, Any] | None) -> str:
    if not rating:
        return ""
    if "error" in rating:
        return f'<p class="error">{escape(str(rating["error"]))}</p>'
    given = max(0, min(_FULL, int(rating.get("stars", 0))))
    colour = "red" if rating.get("color") == "red" else "black"
    drawn = "★" * given + "☆" * (_FULL - given)
    return f'<div class="stars {colour}" role="img" aria-label="{given} of {_FULL} stars">{drawn}</div>'


def _page(title: str, body: str, user: str, pod: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<title>{escape(title)}</title><link rel="stylesheet" href="/static/style.css"></head>'
        f"<body><header><strong>BookInfo Sample</strong>{_person(user)}</header>{body}"
        f"<footer>{escape(pod)}</footer></body></html>"
    )


def _person(user: str) -> str:
    if user:
        return f'<span>{escape(user)} (<a href="/logout">sign out</a>)</span>'
    return (
        '<form method="post" action="/login"><label>User name <input name="username" maxlength="64"></label> '
        "<button>Sign in</button></form>"
    )
