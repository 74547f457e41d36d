import os
import signal
import subprocess
import sys
from pathlib import Path

from localmesh import processes
from tests.localmesh.waiting import until

ONE_CHILD_THEN_SLEEP = """
import asyncio, sys
from pathlib import Path
from localmesh import processes

async def main():
    child = processes.start(["sleep", "60"])
    Path(sys.argv[1]).write_text(str(child.pid))
    await asyncio.sleep(60)

asyncio.run(main())
"""


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid):
    await until(lambda: not alive(pid))


async def written(path, what=""):
    await until(lambda: path.exists() and path.read_text() and what in path.read_text())
    return path.read_text()


async def test_the_exit_code_of_a_child_is_told():
    child = processes.start([sys.executable, "-c", "raise SystemExit(3)"])
    assert await child.wait() == 3


async def test_its_output_is_appended_to_the_log(tmp_path):
    log = tmp_path / "log"
    log.write_text("before\n")
    child = processes.start(["sh", "-c", "echo out; echo err >&2"], log=log)
    await child.wait()
    assert log.read_text() == "before\nout\nerr\n"


async def test_a_child_that_ignores_sigterm_is_killed_after_the_patience(tmp_path):
    log = tmp_path / "log"
    child = processes.start(["sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 0.05; done"], log=log)
    await written(log, "deaf")
    assert await child.stop(patience_seconds=0.2) == -signal.SIGKILL


async def test_what_a_child_started_ends_with_it(tmp_path):
    log = tmp_path / "log"
    child = processes.start(["sh", "-c", "sleep 60 & echo $!; exit 0"], log=log)
    await child.wait()
    await gone(int(log.read_text()))


async def test_a_terminals_ctrl_c_does_not_reach_children():
    child = processes.start(["sleep", "60"])
    assert os.getsid(child.pid) == child.pid != os.getsid(0)
    await child.stop()


async def test_children_die_with_a_parent_that_is_killed(tmp_path):
    pids = tmp_path / "pids"
    parent = subprocess.Popen([sys.executable, "-c", ONE_CHILD_THEN_SLEEP, str(pids)])  # noqa: ASYNC220
    pid = int(await written(pids))
    parent.kill()
    parent.wait()
    await gone(pid)


async def test_a_log_over_the_limit_is_cut_and_its_end_is_kept_aside(tmp_path):
    log = tmp_path / "log"
    child = processes.start(["sh", "-c", "head -c 5000 /dev/zero | tr '\\0' x; echo end; sleep 60"], log=log)
    await written(log, "end")
    child.trim_log(limit_bytes=1000)
    assert log.stat().st_size == 0
    assert (tmp_path / "log.1").read_text().endswith("xend\n")
    assert (tmp_path / "log.1").stat().st_size == 1000
    await child.stop()
