"""What is told, as a message of Slack's incoming webhooks, which others take, too (Mattermost). Pure.

Names and words come from manifests and from other people's services. None of them may become a mention, a
link or a picture: Slack's control characters are written as entities, and an @ calls nobody.
"""

from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from typing import Any, Final

_MOST_TITLE: Final = 150
_MOST_WORDS: Final = 2_000
_MOST_FIELD: Final = 200
_ENTITIES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "@\u200b"}
_VERDICTS: Final = {"harm": "harm", "no_worse": "no worse", "not_known": "not known yet"}
_HAPPENED: Final = {
    "planned": "is planned",
    "running": "goes on",
    "paused": "is paused",
    "held": "holds",
    "taking_back": "is taken back",
    "promoted": "is promoted",
    "rolled_back": "was rolled back",
    "aborted": "was aborted",
    "gone": "ended, as something is gone",
}


def message(body: Mapping[str, Any]) -> dict[str, Any]:
    """The message for what `bodies.told` made."""
    rollout, url = body["rollout"], body["rollout"]["url"]
    title = f"Rollout #{rollout['id']} {_HAPPENED.get(body['event'], body['event'])}"
    about = f"{rollout['namespace']}/{rollout['service']}: {rollout['baseline']} to {rollout['canary']}"
    link = [f"<{_address(url)}|Rollout #{rollout['id']}>"] if url else []
    lines = [f"{escaped(title)} ({escaped(about)})", escaped(body["words"], _MOST_WORDS), *link]
    blocks = [
        {"type": "header", "text": _plain(f"{title}: {about}", _MOST_TITLE)},
        *([{"type": "section", "text": _plain(body["words"], _MOST_WORDS)}] if body["words"] else []),
        {"type": "section", "fields": [_plain(each, _MOST_FIELD) for each in _fields(body)]},
        *({"type": "section", "text": {"type": "mrkdwn", "text": each}} for each in link),
    ]
    return {"text": "\n".join(line for line in lines if line), "mrkdwn": False, "blocks": blocks}


def escaped(text: str, most: int = _MOST_FIELD) -> str:
    """A text that is only read: as much of it as so many characters hold, in Slack's entities."""
    pieces = [_ENTITIES.get(each, each) for each in text[: most + 1]]
    lengths = list(accumulate(map(len, pieces)))
    if not lengths or lengths[-1] <= most:
        return "".join(pieces)
    return "".join(pieces[: bisect_right(lengths, most - 1)]) + "…"


def _fields(body: Mapping[str, Any]) -> list[str]:
    rollout = body["rollout"]
    step = f"{rollout['step'] + 1} of {rollout['steps']}" if rollout["step"] >= 0 else "not begun"
    return [
        f"Weight of {rollout['canary']}: {rollout['weight']} %",
        f"Step: {step}",
        f"Verdict: {_VERDICTS.get(body['verdict'], body['verdict'])}",
        f"Status: {rollout['status'].replace('_', ' ')}",
    ]


def _plain(text: str, most: int) -> dict[str, Any]:
    return {"type": "plain_text", "text": escaped(text, most), "emoji": False}


def _address(url: str) -> str:
    """In a link | ends the address, too."""
    return url.replace("&", "&amp;").replace("<", "%3C").replace(">", "%3E").replace("|", "%7C")
