"""Rollouts on the command line, for pipelines: starts, shows, commands and waits for them.

It works on the database of the console; a running console does what is asked for. Exit codes:
0 promoted, or the command was done; 1 rolled back, aborted or gone; 2 wrong input, or refused; 3 time-out;
4 paused or held, with --stop-on-hold.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer

from cluster import connection, people
from cluster.errors import ClusterError
from cluster.person import PersonCluster
from routing import scope, yaml_io
from routing.management import rollout_flags as flags
from routing.models import Rollout, RolloutCommand
from routing.rolling import commands, records, requested, showing, starting
from routing.rollouts.inputs import RefusedError
from routing.rollouts.spec import KINDS, ON_HARM, PRESETS
from routing.rules import RulesError
from telemetry import live

DONE, ENDED_BADLY, REFUSED, TIMED_OUT, STANDS_STILL = range(5)
LOOK_SECONDS: Final = 0.5
COMMAND_SECONDS: Final = 15.0
WAIT_SECONDS: Final = 3600.0
ACTIONS: Final = {path: name for name, path in showing.PATHS.items()}
TOLD: Final = ("status", "step", "weight", "why", "verdict")
"""What is worth another line while one waits; shares change at every look."""
ENDS: Final = {"promote": "promoted", "abort": "aborted"}
"""The end that a command is for; `--wait` waits for it."""


class Command(BaseCommand):
    """`manage.py rollout start|status|wait|promote|abort|...`."""

    help = (
        "Starts, shows, commands and waits for canary rollouts. Exits with 0 when promoted or done, 1 when "
        "rolled back, aborted or gone, 2 when the input is wrong or refused, 3 on a time-out, and 4 when it "
        "stands still and --stop-on-hold is given."
    )
    requires_system_checks = ()
    requires_migrations_checks = False
    _told: list[Any] | None = None

    def add_arguments(self, parser: CommandParser) -> None:
        """The verbs, each with its own."""
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")
        self._add_start(verbs.add_parser("start", help="start a rollout"))
        status = self._common(verbs.add_parser("status", help="show one, or all that have not ended"))
        status.add_argument("rollout", nargs="?", type=int, metavar="ID")
        wait = self._waiting(self._common(verbs.add_parser("wait", help="wait until one has ended")))
        wait.add_argument("rollout", type=int, metavar="ID")
        for word in ACTIONS:
            each = self._waiting(self._common(verbs.add_parser(word, help=f"{word} one")))
            each.add_argument("rollout", type=int, metavar="ID")
            each.add_argument("--key", default="", help="the same command by the same key is done once")
            each.add_argument("--wait", action="store_true", help="wait until it has ended, too")
            if word == "weight":
                each.add_argument("weight", type=int, metavar="PERCENT")

    def _add_start(self, parser: CommandParser) -> None:
        self._waiting(self._common(parser))
        add = parser.add_argument
        for name in flags.NAMED:
            add(f"--{name}", metavar="NAME")
        add("--steps", metavar="W:S,...", help="WEIGHT:SECONDS[:REQUESTS][:pause], with commas between")
        add("--preset", choices=tuple(PRESETS), help="steps and strategy to begin with")
        add("--strategy", help=f"{', '.join(KINDS)}; header:NAME=VALUE, cookie:NAME=VALUE")
        add("--guard", action="append", metavar="GUARD", help="errors, latency:MS, or JSON; repeatable")
        add("--notify", action="append", metavar="URL", help="who is told; slack=URL for Slack; repeatable")
        add("--gate", action="append", metavar="STAGE=URL", help="who is asked; repeatable")
        add("--on-harm", choices=ON_HARM)
        add("--interval-seconds", type=int, metavar="N", help="between two looks")
        add("--file", metavar="FILE", help="the rollout in YAML or JSON (- for what is piped in)")
        add("--note", default="", help="why, for the record")
        add("--key", default="", help="starts once: the same start by the same key finds the first")
        add("--wait", action="store_true", help="wait until it has ended")
        add("--cluster", default="", metavar="NAME", help="(default: the first configured)")

    def _common(self, parser: CommandParser) -> CommandParser:
        parser.add_argument(
            "--as", dest="person", metavar="PERSON", help="who does it (default: the only one)"
        )
        parser.add_argument("--json", action="store_true", help="print JSON, as the REST API answers it")
        return parser

    def _waiting(self, parser: CommandParser) -> CommandParser:
        add = parser.add_argument
        add("--timeout", type=float, metavar="SECONDS", help=f"of a wait (default: {WAIT_SECONDS:g})")
        add("--stop-on-hold", action="store_true", help="exit with 4 when it is paused or held")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Runs the command. Raises CommandError with status 2, SystemExit with the others."""
        verb = options["verb"]
        does: dict[str, Callable[[dict[str, Any]], int]] = {
            "start": self._start,
            "status": self._status,
            "wait": lambda given: self._wait(self._row(given), given),
        }
        try:
            code = does.get(verb, self._command)(options)
        except (APIException, ClusterError, RefusedError) as error:
            raise CommandError(_told(error), returncode=REFUSED) from error
        except (RulesError, flags.FlagError, yaml_io.YamlError) as error:
            raise CommandError(str(error), returncode=REFUSED) from error
        except connection.UnknownClusterError as error:
            names = ", ".join(connection.names())
            raise CommandError(f"--cluster: there is only {names}.", returncode=REFUSED) from error
        except KeyboardInterrupt:
            code = TIMED_OUT
        if code:
            sys.exit(code)

    def _start(self, options: dict[str, Any]) -> int:
        user = _user(options["person"])
        person = people.of(user, options["cluster"])
        given = yaml_io.read(_content(options["file"])) if options["file"] else None
        body, note, key = requested.taken_apart(flags.body_of(options, given), options["key"] or None)
        traffic = live.of(person.name, person.visible())
        row, _ = starting.start(body, user, person, traffic, key=key, note=options["note"] or note)
        self._shows(row, person, options)
        return self._wait(row, options) if options["wait"] else DONE

    def _status(self, options: dict[str, Any]) -> int:
        if options["rollout"] is not None:
            row = self._row(options)
            self._shows(row, _person(options, row.cluster), options)
            return DONE
        person = _person(options)
        rows = list(scope.seen_by(person, records.running()))
        if options["json"]:
            self.stdout.write(_json({"rollouts": [showing.summary(row, person) for row in rows]}))
        for row in rows if not options["json"] else ():
            self.stdout.write(line(showing.summary(row, person)))
        return DONE

    def _command(self, options: dict[str, Any]) -> int:
        row, name = self._row(options), ACTIONS[options["verb"]]
        user, person = _user(options["person"]), _person(options, row.cluster)
        starting.require_right(person, row.namespace)
        key = requested.key_of(options["key"] or None)
        weight = options.get("weight")
        sent = commands.send(row, name, user, weight=weight, key=key, now=timezone.now())
        seconds = COMMAND_SECONDS if options["timeout"] is None else options["timeout"]
        if not _handled(sent, seconds):
            self.stderr.write(f"Nobody did it within {seconds:g} s: is a console running on this database?")
            return TIMED_OUT
        if sent.refusal:
            raise RefusedError(sent.refusal)
        row.refresh_from_db()
        self._shows(row, person, options)
        return self._wait(row, options, ENDS.get(options["verb"], "promoted")) if options["wait"] else DONE

    def _wait(self, row: Rollout, options: dict[str, Any], wanted: str = "promoted") -> int:
        """Waits until a rollout has ended, and tells each change. The exit code."""
        person = _person(options, row.cluster)
        seconds = WAIT_SECONDS if options["timeout"] is None else options["timeout"]
        for seen in _looks(row, person, seconds):
            if (told := [seen[name] for name in TOLD]) != self._told:
                self._told = told
                self._prints(seen, options)
            if seen["finished_at"] is not None:
                return DONE if seen["status"] == wanted else ENDED_BADLY
            if options["stop_on_hold"] and seen["status"] in ("paused", "held"):
                return STANDS_STILL
        self.stderr.write(f"It has not ended within {seconds:g} s.")
        return TIMED_OUT

    def _row(self, options: dict[str, Any]) -> Rollout:
        """The rollout that is named. Raises CommandError for one that the person may not see, too."""
        row = Rollout.objects.filter(pk=options["rollout"]).select_related("created_by").first()
        if row is not None:
            person = _person(options, row.cluster)
            if scope.seen_by(person, Rollout.objects.filter(pk=row.pk)).exists():
                return row
        raise CommandError(f"There is no rollout #{options['rollout']}.", returncode=REFUSED)

    def _shows(self, row: Rollout, person: PersonCluster, options: dict[str, Any]) -> None:
        seen = showing.summary(row, person)
        self._told = [seen[name] for name in TOLD]
        self._prints(seen, options)

    def _prints(self, seen: dict[str, Any], options: dict[str, Any]) -> None:
        self.stdout.write(_json(seen) if options["json"] else line(seen))
        self.stdout.flush()


def line(seen: dict[str, Any]) -> str:
    """A rollout in one line."""
    step = f"step {seen['step'] + 1} of {len(seen['steps'])}, " if seen["step"] >= 0 else ""
    shares = [
        f"{word} {100 * share:.1f} %"
        for word, share in (("configured", seen["configured_share"]), ("observed", seen["observed_share"]))
        if share is not None
    ]
    told = seen["why"]["words"] if seen["why"] else seen["sentence"]
    what = f"{seen['namespace']}/{seen['service']} {seen['baseline']} to {seen['canary']}"
    weight = ", ".join([f"{step}weight {seen['weight']} %", *shares])
    return f"#{seen['id']} {what}: {seen['status'].replace('_', ' ')}, {weight}. {told}"


def _looks(row: Rollout, person: PersonCluster, seconds: float) -> Iterator[dict[str, Any]]:
    """The rollout in short, each time that it changed, until the time is over."""
    until, version = time.monotonic() + seconds, -1
    while True:
        row.refresh_from_db()
        if row.version != version:
            version = row.version
            yield showing.summary(row, person)
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(LOOK_SECONDS, left))


def _handled(sent: RolloutCommand, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while sent.handled_at is None and (left := until - time.monotonic()) > 0:
        time.sleep(min(LOOK_SECONDS, left))
        sent.refresh_from_db()
    return sent.handled_at is not None


def _person(options: dict[str, Any], cluster: str | None = None) -> PersonCluster:
    return people.of(_user(options["person"]), options.get("cluster", "") if cluster is None else cluster)


def _user(name: str | None) -> User:
    """Who does it. Raises CommandError."""
    active = User.objects.filter(is_active=True)
    found = list(active.filter(username=name) if name else active[:2])
    if len(found) == 1:
        return found[0]
    words = f"--as: there is nobody called {name!r}." if name else "--as: say who does it."
    raise CommandError(words, returncode=REFUSED)


def _told(error: Exception) -> str:
    """An error of REST's as lines: each field with what is wrong with it."""
    fields = getattr(error, "fields", ())
    if fields:
        return "\n".join(f"{each['field']}: {each['message']}".removeprefix(": ") for each in fields)
    return str(getattr(error, "message", None) or getattr(error, "detail", None) or error)


def _json(value: Any) -> str:
    return json.dumps(json.loads(JSONRenderer().render(value)))


def _content(name: str) -> bytes:
    # One byte more than is accepted: the reader says that it is too much.
    if name == "-":
        return sys.stdin.buffer.read(yaml_io.MAX_BYTES + 1)
    try:
        with Path(name).open("rb") as opened:
            return opened.read(yaml_io.MAX_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror or 'it cannot be read'}.", returncode=REFUSED) from error
