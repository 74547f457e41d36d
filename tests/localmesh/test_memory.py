import os
import subprocess

from localmesh import memory
from tests.mesh import until


def test_a_process_and_its_descendants_are_listed_with_their_share():
    with subprocess.Popen(
        ["sh", "-c", "sleep 60 & echo; wait"], stdout=subprocess.PIPE, start_new_session=True
    ) as shell:
        shell.stdout.readline()
        # Between the fork and the exec of the second there is a moment without a command line.
        until(lambda: all(row.what for row in memory.usage(shell.pid)))
        rows = memory.usage(shell.pid)
        os.killpg(shell.pid, 9)
    assert {row.what for row in rows} == {"sh -c sleep 60 & echo; wait", "sleep 60"}
    assert all(0 < row.pss_kib <= row.rss_kib for row in rows)


def test_the_table_ends_with_the_sum():
    rows = [memory.Usage(1, "envoy bookinfo/reviews", 2048, 1024), memory.Usage(2, "localmesh", 1024, 1024)]
    assert memory.table(rows).splitlines()[-1].split() == ["3.0", "2.0", "in", "all,", "2", "processes"]
