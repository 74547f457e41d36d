"""Analyses files of configuration, as `istioctl analyze --use-kube=false` does."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing.analysis import reading
from routing.analysis.engine import analyze
from routing.analysis.objects import GroupKind, Obj
from routing.analysis.reports import FORMATS
from routing.analysis.world import Mesh, World
from routing.schemas import Schema
from routing.yaml_files import MAX_FILE_BYTES
from routing.yaml_io import YamlError

SUFFIXES: Final = (".yaml", ".yml", ".json")
UNUSABLE: Final = 2
ERRORS: Final = 1
T = TypeVar("T")


class Command(BaseCommand):
    """`manage.py analyze FILE...`."""

    help = (
        "Finds mistakes in files of Kubernetes and Istio configuration. Exits with 1 when there are errors, "
        "with 2 when something cannot be read."
    )
    requires_system_checks = ()
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """The files, and what is known of the mesh."""
        parser.add_argument(
            "files", nargs="+", metavar="FILE", help="a file, a folder of them, or - for what is piped in"
        )
        parser.add_argument(
            "--namespace", default="default", help="where objects are that do not say (default: %(default)s)"
        )
        parser.add_argument("--mesh-config", metavar="FILE", help="the settings of the mesh (MeshConfig)")
        parser.add_argument("--mesh-networks", metavar="FILE", help="the networks of the mesh (MeshNetworks)")
        parser.add_argument("--format", choices=tuple(FORMATS), default="text")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ARG002
        """Runs the command. Raises CommandError with status 2 for unusable input, SystemExit for errors."""
        world = self._world(options)
        findings = analyze(world)
        self.stdout.write(FORMATS[options["format"]](findings, world), ending="")
        if any(finding.level == "Error" for finding in findings):
            sys.exit(ERRORS)

    def _world(self, options: dict[str, Any]) -> World:
        config = options["mesh_config"]
        mesh = Mesh(_read(config, reading.settings) if config else {})
        found: list[Obj] = list(reading.assumed(mesh))
        for name in options["files"]:
            for file in _files(name):
                shown = "standard input" if file == "-" else file
                parse = partial(_objects, shown, options["namespace"])
                found += _read(file, parse)
        if file := options["mesh_networks"]:
            found.append(_read(file, partial(reading.networks, file, mesh.root_namespace)))
        found += list(reading.pods_to_come(found))
        return World(found, mesh, now=time.time(), schemas=_schemas())


def _schemas() -> Mapping[GroupKind, Schema]:
    """The schemas of Istio's kinds, which ship with the console."""
    published = resources.files("routing.analysis").joinpath("schemas.json").read_text()
    return reading.schemas_of(json.loads(published))


def _objects(file: str, namespace: str, content: bytes) -> list[Obj]:
    return list(reading.objects_of(file, content, namespace))


def _files(name: str) -> list[str]:
    """The files that an argument means. Raises CommandError for a folder without any."""
    folder = Path(name)
    if name == "-" or not folder.is_dir():
        return [name]
    found = sorted(str(file) for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not found:
        raise CommandError(f"{name}: this folder has no {', '.join(SUFFIXES)} files.", returncode=UNUSABLE)
    return found


def _read(file: str, parse: Callable[[bytes], T]) -> T:
    """What a file says. Raises CommandError, with file and line, for what cannot be read."""
    try:
        return parse(_content(file))
    except OSError as error:
        reason = error.strerror or "it cannot be read"
        raise CommandError(f"{file}: {reason}.", returncode=UNUSABLE) from error
    except YamlError as error:
        where = "standard input" if file == "-" else file
        raise CommandError(f"{where}: {error}", returncode=UNUSABLE) from error


def _content(file: str) -> bytes:
    # One byte more than is accepted: the reader says that it is too much.
    if file == "-":
        return sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    with Path(file).open("rb") as opened:
        return opened.read(MAX_FILE_BYTES + 1)
