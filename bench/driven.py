"""`python -m bench.driven FOLDER COUNT TICKS`: drives as many rollouts at once in this one process, and tells
what each tick took, as a JSON object.

Engine, database (a file in FOLDER), judge, watch cache, counting and plans are those of the product; the API
server is the fake in memory, and the metrics are made up. Every rollout is looked at in every tick.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, Final

from bench import meshes

NAMESPACES: Final = 20
STEPS: Final = [{"weight": 25, "seconds": 86_400}, {"weight": 100, "seconds": 60}]
POINTS: Final = 100
COURSE: Final = 400
Seconds = list[float]


def main() -> None:
    """Measures, and prints."""
    folder, count, ticks = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "meshui.settings",
        "MESHUI_DATA_DIR": folder,
        "MESHUI_SETTLE_SECONDS": "0",
        "MESHUI_LOG_LEVEL": "WARNING",
    }
    import django  # noqa: PLC0415  reads the environment that the lines above have set

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    from cluster import connection  # noqa: PLC0415
    from cluster.fake import FakeCluster  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    with connection.override(FakeCluster(map(_ready, meshes.objects(count, NAMESPACES)))):
        connection.get().cache.start()
        connection.get().cache.wait_until_settled(30.0)
        sys.stdout.write(json.dumps(asyncio.run(_measured(count, ticks))) + "\n")


def _ready(manifest: dict[str, Any]) -> dict[str, Any]:
    status = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    return {**manifest, "status": status} if manifest["kind"] == "Pod" else manifest


async def _measured(count: int, ticks: int) -> dict[str, Any]:
    from routing.models import Rollout  # noqa: PLC0415

    driven = Driven(count)
    await driven.passes()
    await asyncio.to_thread(_start, count)
    begun = await asyncio.to_thread(driven.tick)
    for _ in range(3):
        await driven.passes()
        await asyncio.to_thread(driven.tick)
    # As after hours: curves as long as they get.
    await asyncio.to_thread(_grown)
    await driven.passes()
    await asyncio.to_thread(driven.tick)
    every = []
    for _ in range(ticks):
        await driven.passes()
        gc.collect()
        every.append(await asyncio.to_thread(driven.tick))
    rows = await asyncio.to_thread(lambda: list(Rollout.objects.values_list("status", "step", "version")))
    return {
        "begun": begun[0],
        "ticks": [each[0] for each in every],
        "database": [each[1] for each in every],
        "statements": every[-1][2],
        "rollouts": [list(row) for row in rows],
    }


class Driven:
    """The engine with its real parts, on traffic that is made up, and clocks that are told the time."""

    def __init__(self, count: int) -> None:
        from routing.rolling.hooks.gates import Asker  # noqa: PLC0415
        from routing.rolling.leader.engine import Engine  # noqa: PLC0415
        from routing.rolling.leader.leading import Leading  # noqa: PLC0415
        from routing.rolling.leader.workers import Inline  # noqa: PLC0415
        from routing.rolling.mesh.looking import Watcher  # noqa: PLC0415
        from routing.rolling.mesh.worlds import Worlds  # noqa: PLC0415
        from routing.rolling.mesh.writer import Writer  # noqa: PLC0415
        from telemetry.live import Traffic  # noqa: PLC0415
        from telemetry.runtime import Runtime  # noqa: PLC0415

        self.now, self.count = time.time(), count
        self.runtime = Runtime(self, tick_seconds=1, window_seconds=10)
        traffic = Traffic(self.runtime, None)
        leading = Leading(monotonic=lambda: self.now)
        self.engine = Engine(
            Worlds(), Writer(leading.still), Watcher(lambda _: traffic), Asker(),
            leading=leading, workers=Inline(), wall=lambda: self.now, monotonic=lambda: self.now,
        )  # fmt: skip

    name = "bench"

    async def passes(self) -> None:
        """A second, and with it a reading of the metrics."""
        self.now += 1.0
        await self.runtime.collector.tick()

    async def read(self) -> Any:
        """A reading: 100 requests a second to each service, 0.5 % of them bad."""
        from telemetry.samples import RequestCount, Samples  # noqa: PLC0415

        counts = []
        for number in range(self.count):
            for version, requests in (("v1", 75.0), ("v2", 25.0)):
                labels = _labels(number, version)
                counts.append(RequestCount(labels, "200", "", requests * 0.995))
                counts.append(RequestCount(labels, "503", "", requests * 0.005))
        return Samples(self.now, 10.0, counts=tuple(counts), counted_from=self.now - 1.0)

    async def close(self) -> None:
        """Nothing is open."""

    def tick(self) -> tuple[float, float, int]:
        """What a tick took, in seconds: all of it, and of that the database; and how many statements."""
        from django.db import connection as database  # noqa: PLC0415

        spent: Seconds = []

        def timed(execute: Callable[..., Any], *given: Any) -> Any:
            began = time.thread_time()
            try:
                return execute(*given)
            finally:
                spent.append(time.thread_time() - began)

        began = time.thread_time()
        with database.execute_wrapper(timed):
            if not self.engine.tick():
                raise RuntimeError("the engine does not lead")
        return time.thread_time() - began, sum(spent), len(spent)


def _labels(number: int, version: str) -> Any:
    from telemetry.samples import EdgeLabels  # noqa: PLC0415

    name, place = f"service-{number:05}", f"team-{number % NAMESPACES:03}"
    return EdgeLabels(
        reporter="source",
        source_workload="caller-v1",
        source_workload_namespace=place,
        source_canonical_service="caller",
        source_canonical_revision="v1",
        destination_service=f"{name}.{place}.svc.cluster.local",
        destination_service_name=name,
        destination_service_namespace=place,
        destination_workload=f"{name}-{version}",
        destination_workload_namespace=place,
        destination_canonical_service=name,
        destination_canonical_revision=version,
        request_protocol="http",
    )


def _start(count: int) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from cluster import connection  # noqa: PLC0415
    from cluster.models import KubernetesIdentity  # noqa: PLC0415
    from routing.rolling import records  # noqa: PLC0415
    from routing.rollouts import parsing  # noqa: PLC0415

    user = User.objects.create_user("bench")
    KubernetesIdentity.objects.create(user=user, own=True)
    person = connection.get().acting(None)
    for number in range(count):
        asked = {
            "namespace": f"team-{number % NAMESPACES:03}",
            "service": f"service-{number:05}",
            "baseline": "v1",
            "canary": "v2",
            "steps": STEPS,
            "guards": [{"kind": "errors"}, {"kind": "latency", "objective_ms": 250}],
            "interval_seconds": 1,
        }
        now = timezone.now()
        records.create(parsing.parse(asked), user, person, "Service./team-000", now=now)


def _grown() -> None:
    """Gives each rollout the longest curves that it may have."""
    from routing.models import Rollout  # noqa: PLC0415

    for row in Rollout.objects.all():
        for trail in row.state["trails"].values():
            trail["points"] = [trail["points"][-1]] * POINTS
            trail["every"] = 4
        row.course["points"] = [row.course["points"][-1]] * COURSE
        row.version += 1
        row.save()


if __name__ == "__main__":
    main()
