"""A signal to stop ends a command, wherever in Python it arrives."""

import subprocess
import sys

import pytest

from tests.command import ROOT

# Arrives in the hook after a fork; after that the program would wait forever.
AFTER_A_FORK = """
import os, signal
from app.cli.stopping import stoppable
arrived = []
def arrive():
    if len(arrived) < {times}:
        arrived.append(signal.raise_signal(signal.{name}))
os.register_at_fork(after_in_parent=arrive)
with stoppable():
    for _ in range({times}):
        if not os.fork():
            os._exit(0)
    print("goes on", flush=True)
    while True:
        signal.pause()
print("ended", flush=True)
"""


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_whose_exception_python_ignores_is_handled_once_more(name: str, times: int) -> None:
    code = AFTER_A_FORK.format(name=name, times=times)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout) == (0, "goes on\nended\n"), done.stderr
    assert done.stderr == ""
