"""The connections to Redis, as a process ends."""

import subprocess
import sys

from tests.command import ROOT, clean_environment

# The interpreter stops a daemon thread wherever it is; here it is with the lock of the pool taken.
ENDING = """
import sys, threading, time
from app.cache.client import Cache

cache, taken = Cache(sys.argv[1], timeout_ms=2000, prefix="test"), threading.Event()

def stay():
    assert cache.is_up()
    with cache._pool._lock:
        taken.set()
        time.sleep(600)

threading.Thread(target=stay, daemon=True).start()
taken.wait()
"""


def test_no_thread_that_is_cut_off_in_the_pool_keeps_the_process_from_ending(valkey_url: str) -> None:
    command = [sys.executable, "-c", ENDING, valkey_url]

    done = subprocess.run(
        command, check=False, cwd=ROOT, env=clean_environment(), timeout=30, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (0, "")
