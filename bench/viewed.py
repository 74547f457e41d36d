"""`python -m bench.viewed PORT FOLDER PEOPLE`: the console's real server over a mesh that is made up, for the
load of viewers.

People with sessions, Channels, the hub and uvicorn are those of the product; only the source of metrics is
replaced, by one whose numbers change every tick. Writes FOLDER/cookies, a session of each person to a line,
before it listens; answers /bench with its memory and what is open.
"""

import asyncio
import gc
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import psutil

TICK_SECONDS: Final = 1.0


def main() -> None:
    """Serves until it is stopped."""
    port, folder, people = int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    os.environ |= {"DJANGO_SETTINGS_MODULE": "meshui.settings", "MESHUI_DATA_DIR": str(folder)}
    import django  # noqa: PLC0415  reads the environment that the lines above have set

    django.setup()
    cookies = _people(people)
    (folder / "cookies.new").write_text("\n".join(cookies))
    (folder / "cookies.new").rename(folder / "cookies")
    _serve(port)


def _people(count: int) -> list[str]:
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    from cluster.models import KubernetesIdentity  # noqa: PLC0415

    call_command("migrate", verbosity=0, interactive=False)
    cookies = []
    for number in range(count):
        user = User.objects.create_user(f"person-{number}")
        KubernetesIdentity.objects.create(user=user, own=True)
        client = Client()
        client.force_login(user)
        cookies.append(f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}")
    return cookies


def _serve(port: int) -> None:
    import uvicorn  # noqa: PLC0415

    from cluster import connection  # noqa: PLC0415
    from cluster.fake import FakeCluster  # noqa: PLC0415
    from meshui import serving  # noqa: PLC0415

    namespaces = ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in ("shop", "pay"))
    with connection.override(FakeCluster(namespaces)):
        serving.look_for_cycles_seldom()
        config = uvicorn.Config(_application(), host="127.0.0.1", port=port, **serving.OPTIONS)
        asyncio.run(uvicorn.Server(config).serve())


def _application() -> Any:
    from bench.traffic import Traffic  # noqa: PLC0415
    from meshui.asgi import application  # noqa: PLC0415
    from telemetry import runtime  # noqa: PLC0415

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send, runtime, Traffic())
        elif scope["type"] == "http" and scope["path"] == "/bench":
            await _say(send, _state(runtime))
        else:
            await application(scope, receive, send)

    return answer


async def _lifespan(receive: Any, send: Any, runtime: Any, source: Any) -> None:
    while True:
        event = await receive()
        if event["type"] == "lifespan.startup":
            await runtime.start(source)
            await send({"type": "lifespan.startup.complete"})
        else:
            await runtime.stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


def _state(runtime: Any) -> dict[str, float]:
    gc.collect()
    process = psutil.Process()
    seconds = process.cpu_times()
    return {
        "bytes": process.memory_info().rss,
        "sockets": runtime.of().hub.sockets,
        "tasks": len(asyncio.all_tasks()),
        "cpu_seconds": seconds.user + seconds.system,
    }


async def _say(send: Any, answer: dict[str, float]) -> None:
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(answer).encode()})


if __name__ == "__main__":
    main()
