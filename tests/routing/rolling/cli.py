"""`manage.py rollout` as a process of its own, in front of a fake cluster. What happens beside
stands before its arguments: `+obeyed`; and, once something was printed, `+ends=STATUS` or `+held`.

    python -m tests.routing.rolling.cli prepare
    python -m tests.routing.rolling.cli +obeyed rollout abort 1
"""

import os
import sys
import threading
from contextlib import ExitStack
from dataclasses import replace

import django

PREPARE = "prepare"


SERVICES = ("reviews", "ratings", "details", "productpage")


def prepare():
    """A person, and a rollout of each service."""
    from django.core.management import call_command

    from routing.rolling import starting
    from tests.people import own, person
    from tests.routing.rolling.asked import BODY
    from tests.routing.stage import NO_TRAFFIC

    call_command("migrate", verbosity=0, interactive=False)
    ann = person("ann")
    for service in SERVICES:
        starting.start({**BODY, "service": service, "baseline": "v1", "canary": "v9"}, ann, own(), NO_TRAFFIC)


class Heard:
    """The standard output, and whether anything was printed."""

    def __init__(self, inner):
        self.inner = inner
        self.printed = threading.Event()

    def write(self, text):
        self.inner.write(text)
        self.printed.set()

    def __getattr__(self, name):
        return getattr(self.inner, name)


def beside(word, rollout, heard):
    from django.db import connection as database

    heard.printed.wait(60)
    happens(word, rollout)
    database.close()


def happens(word, rollout):
    from routing.models import Rollout
    from routing.rolling import records
    from routing.rollouts.states import Why
    from tests.routing.rolling.asked import ends, kept

    name, _, value = word.partition("=")
    if name == "+ends":
        ends(rollout, value)
    elif name == "+held":
        driven = records.driven(Rollout.objects.get(pk=rollout))
        why = Why("no_verdict", "There is no verdict that allows more.")
        kept(driven.row, replace(driven.state, status="held", why=why))


def main(arguments):
    django.setup()
    from django.core.management import execute_from_command_line

    from cluster import connection
    from tests.routing.rolling.asked import somebody_obeys
    from tests.routing.stage import bookinfo, destination_rule, route, virtual_service

    words = [each for each in arguments if each.startswith("+")]
    heard = sys.stdout = Heard(sys.stdout)
    staged = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]), destination_rule("reviews", ["v1", "v3"])
    )
    with ExitStack() as held:
        held.enter_context(connection.override(staged))
        if arguments == [PREPARE]:
            prepare()
            return
        if "+obeyed" in words:
            held.enter_context(somebody_obeys())
        for word in (each for each in words if each != "+obeyed"):
            rollout = next(int(each) for each in arguments if each.isdecimal())
            thread = threading.Thread(target=beside, args=(word, rollout, heard))
            thread.start()
            held.callback(thread.join)
        execute_from_command_line(["manage.py", *(each for each in arguments if each not in words)])


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshui.settings")
    main(sys.argv[1:])
