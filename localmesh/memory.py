"""How much memory a running localmesh takes, process by process, from /proc (Linux)."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Usage:
    """One process: resident memory, and its proportional share of it (shared pages divided), in KiB."""

    pid: int
    what: str
    rss_kib: int
    pss_kib: int


def usage(root: int) -> list[Usage]:
    """The process `root` and all its descendants, largest share first.

    Those that end meanwhile are left out.
    """
    found = []
    for pid in _family(root):
        try:
            rss, pss = _memory(pid)
            found.append(Usage(pid, _what(pid), rss, pss))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return sorted(found, key=lambda each: -each.pss_kib)


def table(rows: list[Usage]) -> str:
    """The usage as a table with its sums, in MiB."""
    lines = [f"{'PID':>8}  {'RSS MiB':>8}  {'PSS MiB':>8}  PROCESS"]
    lines += [
        f"{each.pid:>8}  {each.rss_kib / 1024:>8.1f}  {each.pss_kib / 1024:>8.1f}  {each.what}"
        for each in rows
    ]
    rss, pss = (sum(each.rss_kib for each in rows), sum(each.pss_kib for each in rows))
    lines.append(f"{'':>8}  {rss / 1024:>8.1f}  {pss / 1024:>8.1f}  in all, {len(rows)} processes")
    return "\n".join(lines)


def _family(root: int) -> Iterator[int]:
    children: dict[int, list[int]] = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                # The name in parentheses may hold anything; the parent is the second field after it.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            children[parent].append(int(entry.name))
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        yield pid
        waiting += children[pid]


def _memory(pid: int) -> tuple[int, int]:
    figures = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        key, _, value = line.partition(":")
        if key in {"Rss", "Pss"}:
            figures[key] = int(value.split()[0])
    return figures.get("Rss", 0), figures.get("Pss", 0)


def _what(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    for position, word in enumerate(words[:-1]):
        if word == "--config-path":
            return f"envoy {Path(words[position + 1]).parent.name.rpartition('_')[0].replace('_', '/')}"
        if word == "-m":
            return " ".join(words[position + 1 :]).strip()[:80]
    return " ".join(words).strip()[:80]
