import os
import stat
import subprocess
import sys

import pytest

from localmesh.state import Memory, State, StateInUseError

HOLD_UNTIL_KILLED = """
import sys
from pathlib import Path
from localmesh.state import State

with State(Path(sys.argv[1])).held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def state(tmp_path):
    return State(tmp_path)


def test_a_new_folder_remembers_nothing(state):
    assert state.recall() == Memory(network=None, seeded=False)


def test_what_is_remembered_is_recalled(state):
    state.remember(Memory(network=42, seeded=True))
    assert state.recall() == Memory(network=42, seeded=True)


def test_a_damaged_memory_counts_as_none(state, tmp_path):
    (tmp_path / "state.json").write_text('{"network": "many"}')
    assert state.recall() == Memory()


def test_the_token_stays_the_same_and_only_its_owner_may_read_it(state, tmp_path):
    token = state.token()
    assert len(token) >= 40
    assert state.token() == token
    assert stat.S_IMODE((tmp_path / "apiserver-token").stat().st_mode) == 0o600


def test_a_folder_in_use_is_refused_with_the_process_that_uses_it(state, tmp_path):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_KILLED, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        holder.stdout.readline()
        assert state.owner() == holder.pid
        with pytest.raises(StateInUseError, match=f"process {holder.pid}"), state.held():
            pass
        holder.kill()
    # The kernel gave the lock back.
    assert state.owner() is None
    with state.held():
        assert (tmp_path / "lock").read_text() == str(os.getpid())
