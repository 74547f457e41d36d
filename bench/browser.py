"""What a large mesh costs in the browser: the product's own Graph page in a headless Chromium, fed with frames.

`python -m bench.browser [--small] [--pictures FOLDER]` is a process of its own, because it configures Django for the
page's template. Nothing is served: the browser's requests are answered in place, and the socket is played in the page.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import islice
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench import pictures
from bench.table import Row

ROOT: Final = Path(__file__).resolve().parent.parent
PART: Final = "browser"
ORIGIN: Final = "http://meshui.localhost"
FLAGS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--enable-precise-memory-info",
    "--js-flags=--expose-gc",
)
CHANGED: Final = 0.05
"""The part of the edges that a delta changes."""
DELTAS: Final = 12
MOVES: Final = 60
TEN_MINUTES: Final = 600
"""Deltas in ten minutes, at one a second."""
MEGABYTE: Final = 1_000_000
Goals: TypeAlias = tuple[int, int, int | None]
"""In milliseconds: the first layout, a delta, a frame while it moves."""


def measure(small: bool) -> list[Row]:  # noqa: FBT001  (the signature of every part)
    """Measures in a process of its own; raises when that fails."""
    command = [sys.executable, "-m", "bench.browser", *(["--small"] if small else [])]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return [Row(**row) for row in json.loads(done.stdout)]


def main() -> None:
    """Measures both views, and prints the rows as JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.browser", description=__doc__)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--pictures", type=Path, help="a folder for screenshots of what was measured")
    options = parser.parse_args()
    folded = (30, 60) if options.small else (300, 900)
    unfolded = (60, 200) if options.small else (1_000, 5_000)
    with tempfile.TemporaryDirectory() as folder:
        page = _page(folder)
        with _browser() as browser:
            rows = _view(browser, page, "folded", pictures.folded(*folded), (1_000, 50, 60), options)
            rows += _view(
                browser, page, "unfolded", pictures.unfolded(*unfolded), (3_000, 150, None), options
            )
    sys.stdout.write(json.dumps(rows) + "\n")


def _page(folder: str) -> Callable[[], str]:
    """Renders the Graph page as Django does for somebody who is signed in, without a database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshui.settings")
    os.environ["MESHUI_DATA_DIR"] = folder
    import django  # noqa: PLC0415

    django.setup()
    from django.contrib.auth.models import User  # noqa: PLC0415
    from django.contrib.messages.storage.cookie import CookieStorage  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415

    from telemetry.views import graph  # noqa: PLC0415

    request: Any = RequestFactory().get("/graph/")
    request.user = User(pk=1, username="bench", is_active=False)
    request.session = {}
    request._messages = CookieStorage(request)  # noqa: SLF001  (as the middleware does)
    return lambda: graph(request).content.decode()


class _browser:  # noqa: N801  (reads as a function where it is used)
    """The installed Chromium, drawing in software."""

    def __enter__(self) -> Any:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415

        path = shutil.which("chromium")
        if path is None:
            raise RuntimeError("The browser's part needs chromium on the PATH.")
        self._playwright = sync_playwright().start()
        self._found = self._playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        return self._found

    def __exit__(self, *_: object) -> None:
        self._found.close()
        self._playwright.stop()


def _answer(route: Any, page: Callable[[], str]) -> None:
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
    if path == "/graph/":
        route.fulfill(body=page(), content_type="text/html; charset=utf-8")
    elif path.startswith("/static/"):
        _static(route, path.removeprefix("/static/"))
    else:
        route.fulfill(status=200, json={"services": [], "badges": [], "marks": []})


def _static(route: Any, path: str) -> None:
    from django.contrib.staticfiles import finders  # noqa: PLC0415

    found = finders.find(path)
    if not isinstance(found, str):
        route.fulfill(status=404)
        return
    kind = "text/javascript" if path.endswith((".js", ".mjs")) else guess_type(path)[0] or "text/plain"
    route.fulfill(body=Path(found).read_bytes(), content_type=kind)


def _view(
    browser: Any, page: Callable[[], str], name: str, full: pictures.Frame, goals: Goals, options: Any
) -> list[dict[str, Any]]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.route("**/*", lambda route: _answer(route, page))
    opened = context.new_page()
    heard: list[str] = []
    opened.on("pageerror", lambda error: heard.append(str(error)))
    opened.add_init_script(path=Path(__file__).with_name("browser_probe.js"))
    opened.goto(f"{ORIGIN}/graph/?view=graph")
    opened.wait_for_function("window.bench.line()?.sent.length > 0")
    rows = _rows(opened, f"{name}, {_size(full)}", full, goals, options)
    if options.pictures:
        _photograph(opened, options.pictures / f"{name}.png")
    if heard:
        raise RuntimeError(f"The page said: {heard[:3]}")
    context.close()
    return rows


def _size(full: pictures.Frame) -> str:
    return f"{len(full['nodes']):,} nodes and {len(full['edges']):,} edges"


def _rows(page: Any, name: str, full: pictures.Frame, goals: Goals, options: Any) -> list[dict[str, Any]]:
    first, delta, move = goals
    layout = _say(page, full)
    page.evaluate("bench.calm()")
    frames = pictures.deltas(full, CHANGED)
    applied = [_say(page, frame) for frame in islice(frames, DELTAS)]
    handled = statistics.median(each["handled"] for each in applied)
    shown = statistics.median(each["painted"] for each in applied)
    rows = [
        _row(f"{name}: first layout, on the screen", layout["painted"], first),
        _row(f"a delta of {CHANGED:.0%} of the edges: script", handled),
        _row("the same, on the screen", shown, delta),
    ]
    for gesture in ("pan", "zoom"):
        page.evaluate("bench.calm()")
        times = page.evaluate(f"bench.{gesture}({MOVES})")
        rows.append(_row(f"{gesture}, a frame (mean)", statistics.mean(times), move))
        rows.append(_row(f"{gesture}, its slowest frame", max(times)))
    page.evaluate("bench.calm()")
    join = _say(page, pictures.joined(full, 1 + DELTAS))
    rows.append(_row("a node joins, on the screen", join["painted"]))
    return rows + _memory(page, full, 10 if options.small else TEN_MINUTES)


def _memory(page: Any, full: pictures.Frame, count: int) -> list[dict[str, Any]]:
    """What ten minutes of deltas leave behind, after as many as warm the caches."""
    frames = pictures.deltas({**full, "seq": 2 + DELTAS}, CHANGED, seed=5)
    for _ in range(2):
        before = page.evaluate("bench.heap()")
        for frame in islice(frames, count // 2):
            _say(page, frame)
    grown = (page.evaluate("bench.heap()") - before) / MEGABYTE
    return [
        _row("memory of the page", before / MEGABYTE, unit="MB"),
        _row(f"its growth over {count // 2} further deltas", max(0.0, grown), unit="MB"),
    ]


def _say(page: Any, frame: pictures.Frame) -> dict[str, float]:
    found: dict[str, float] = page.evaluate("text => bench.say(text)", json.dumps(frame))
    return found


def _row(what: str, value: float, most: float | None = None, unit: str = "ms") -> dict[str, Any]:
    return {"part": PART, "what": what, "value": value, "unit": unit, "most": most}


def _photograph(page: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.evaluate("bench.calm()")
    page.screenshot(path=path)


if __name__ == "__main__":
    main()
