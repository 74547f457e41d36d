"""Receivers and a clock that do as they are told, and messages for them."""

import threading
from datetime import timedelta

from routing.models import RolloutEvent, RolloutMessage
from routing.rolling.hooks import telling
from routing.rolling.hooks.webhooks import Answer
from routing.rollouts.inputs import Notify
from tests.routing.rolling import making
from tests.routing.rolling.making import NOW

ONE, OTHER = "https://one.example/x?key=t0ken", "https://other.example/"


class Clock:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now

    def move(self, **amount):
        self.now += timedelta(**amount)


class Post:
    """Receivers that answer as they are told to, and remember what they got."""

    def __init__(self):
        self.answers = {}
        self.got = []
        self.lock = threading.Lock()

    def __call__(self, url, body, *, timeout, id):  # noqa: A002
        with self.lock:
            self.got.append((url, body.get("event", "as slack"), id))
            found = self.answers.get(url, Answer(200, ""))
        found = found(body) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return found

    def events(self, url=ONE):
        return [event for each, event, _ in self.got if each == url]


def saved(users, notify=((ONE, "json"),)):
    spec = making.spec(notify=notify)
    user, _ = users.objects.get_or_create(username="ada")
    row = making.row(spec, making.state(), created_by=user)
    row.save()
    return row


def tell(row, *events, notify=((ONE, "json"),), at=NOW, words=""):
    found = []
    for event in events:
        made = telling.messages(row, making.spec(notify=notify), Notify(event, words), at)
        found += RolloutMessage.objects.bulk_create(made)
    return found


def left():
    return list(RolloutMessage.objects.filter(sent_at=None).order_by("pk").values_list("event", flat=True))


def logged():
    return list(RolloutEvent.objects.order_by("pk").values_list("code", "words"))
