"""Counting in several processes: each writes files in one folder, and /metrics of any tells the sum.

A file is named after the worker's slot rather than its process id. A worker that takes the place of another goes on
with its counters, and there are never more files than slots.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, values

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
# Memory: figures are written with every request, and a full disk would kill the process that writes them (SIGBUS).
_MEMORY = Path("/dev/shm")  # noqa: S108  # the folder in it is made by mkdtemp

# Why a worker ended unasked: by SIGKILL, most often from the kernel for want of memory; by a fault of native code; by
# another signal; by an exit; because its event loop stood still; because it was not ready in time, or could not start.
REASONS = ("killed", "crashed", "terminated", "exited", "hung", "not_ready", "not_started")


class NoFolderError(Exception):
    """There is no folder to count in; the text says what to set."""


@contextmanager
def shared_folder(chosen: str) -> Iterator[Path]:
    """Make a folder to count in for as long as the block, and name it in the environment, for workers to find.

    Args:
        chosen: METRICS_DIR; empty: memory where there is such a file system, else the folder for temporary files.

    Raises:
        NoFolderError: none can be written to.
    """
    folder = _made(chosen)
    os.environ[FOLDER] = str(folder)
    try:
        yield folder
    finally:
        os.environ.pop(FOLDER, None)
        remove(folder)


def remove(folder: Path) -> None:
    """Remove the folder, if it is still there."""
    shutil.rmtree(folder, ignore_errors=True)


def count_as(name: str) -> None:
    """Have this process count in the folder's files of that name; no other process may have it at the same time.

    What was made before counts in memory, as before.
    """
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: name)


class WorkerFigures:
    """What the supervisor counts, in files of its own; it needs a shared folder."""

    def __init__(self) -> None:
        registry, before = CollectorRegistry(), values.ValueClass
        count_as("supervisor")
        try:
            ends = Counter(
                "charter_worker_restarts", "Workers that ended unasked, by reason.", ("reason",), registry=registry
            )
            # All of them from the start: a counter that appears with its first event hides it from `increase()`.
            self._ends = {reason: ends.labels(reason) for reason in REASONS}
            self._workers = Gauge(
                "charter_workers", "Workers that serve.", registry=registry, multiprocess_mode="mostrecent"
            )
        finally:
            values.ValueClass = before

    def count_end(self, reason: str) -> None:
        """Count a worker that ended without having been told to; the reason is one of REASONS."""
        self._ends[reason].inc()

    def set_serving(self, number: int) -> None:
        """Note how many workers serve."""
        self._workers.set(number)


def _made(chosen: str) -> Path:
    if chosen:
        try:
            return Path(tempfile.mkdtemp(prefix="charter-metrics-", dir=Path(chosen).expanduser()))
        except OSError as error:
            raise NoFolderError(
                f"METRICS_DIR {chosen} cannot be written to ({error.strerror}): set it to a folder "
                "that can be written to, or set WORKERS=1"
            ) from error
    for place in (_MEMORY, None):
        try:
            return Path(tempfile.mkdtemp(prefix="charter-metrics-", dir=place))
        except OSError:
            continue
    raise NoFolderError(
        "workers count in files of one folder, and neither /dev/shm nor the folder for temporary files (TMPDIR) can be "
        "written to: set METRICS_DIR to another folder, or set WORKERS=1"
    )
