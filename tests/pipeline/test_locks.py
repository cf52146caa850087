"""One process at a time; a dead one holds nobody up."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from geo_border.pipeline.locks import locked

HOLD = """
import sys, time
from pathlib import Path
from geo_border.pipeline.locks import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock."""
    file = tmp_path / "lock"
    process = subprocess.Popen([sys.executable, "-c", HOLD, file], stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"held\n"
    yield file, process
    process.kill()
    process.wait(60)
    process.stdout.close()


def test_the_second_waits_and_says_for_whom(holder, caplog):
    file, process = holder
    got = []

    def second():
        with locked(file):
            got.append(time.monotonic())

    thread = threading.Thread(target=second, daemon=True)
    thread.start()
    time.sleep(0.3)
    assert not got
    ended = time.monotonic()
    process.terminate()
    thread.join(10)
    assert got[0] >= ended
    assert f"(process {process.pid}) that works in {file.parent}" in caplog.text
    assert not file.exists()


def test_the_lock_of_a_dead_process_is_none(holder, caplog):
    file, process = holder
    os.kill(process.pid, signal.SIGKILL)
    process.wait(60)
    assert file.exists()
    with locked(file):
        assert file.read_text() == str(os.getpid())
    assert not file.exists()
    assert not caplog.text


def test_many_at_a_time_are_one_after_the_other(tmp_path):
    file, inside, most = tmp_path / "lock", [], []

    def work():
        for _ in range(20):
            with locked(file):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(most) == 160
    assert set(most) == {1}


def test_a_link_is_no_lock(tmp_path):
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="symbolic"), locked(tmp_path / "lock"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"
