"""Metrics of several processes: each writes files in one folder, and /metrics of any worker returns the sum.

A file is named after the worker's slot, not after its process id. So a worker that replaces another one continues its
counters, and there are never more files than slots.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, values

FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
# In memory: every request writes metrics, and a full disk would kill the process that writes them (SIGBUS).
_MEMORY = Path("/dev/shm")  # noqa: S108  # mkdtemp creates the folder in it

# Why a worker ended unexpectedly: by SIGKILL, most often because the machine has no memory left; by a crash of native
# code; by another signal; by an exit; because its event loop hung; because it was not ready in time or could not start.
REASONS = ("killed", "crashed", "terminated", "exited", "hung", "not_ready", "not_started")


class MetricsFolderError(Exception):
    """There is no folder for the metrics; the message says what to set."""


@contextmanager
def shared_folder(chosen: str) -> Iterator[Path]:
    """Create a folder for the metrics that exists during the block, and name it in the environment for the workers.

    Args:
        chosen: METRICS_DIR; empty: /dev/shm where it exists, else the folder for temporary files.

    Raises:
        MetricsFolderError: no folder is writable.
    """
    folder = _create_folder(chosen)
    os.environ[FOLDER_VARIABLE] = str(folder)
    try:
        yield folder
    finally:
        os.environ.pop(FOLDER_VARIABLE, None)
        remove_folder(folder)


def remove_folder(folder: Path) -> None:
    """Remove the folder if it still exists."""
    shutil.rmtree(folder, ignore_errors=True)


def set_process_name(name: str) -> None:
    """Let the metrics that this process creates from now on use the files of this name.

    No other process may use the same name at the same time. Metrics that exist already stay in memory.
    """
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: name)


class WorkerMetrics:
    """The metrics of the supervisor, in files of its own; they need a shared folder."""

    def __init__(self) -> None:
        registry, before = CollectorRegistry(), values.ValueClass
        set_process_name("supervisor")
        try:
            ends = Counter(
                "charter_worker_restarts", "Workers that ended unexpectedly, by reason.", ("reason",), registry=registry
            )
            # All reasons from the start: `increase()` misses the first event of a counter that appears with it.
            self._ends = {reason: ends.labels(reason) for reason in REASONS}
            self._workers = Gauge(
                "charter_workers", "Workers that serve requests.", registry=registry, multiprocess_mode="mostrecent"
            )
        finally:
            values.ValueClass = before

    def count_end(self, reason: str) -> None:
        """Count a worker that ended unexpectedly; the reason is one of REASONS."""
        self._ends[reason].inc()

    def set_serving(self, number: int) -> None:
        """Set the number of workers that serve requests."""
        self._workers.set(number)


def _create_folder(chosen: str) -> Path:
    if chosen:
        try:
            return Path(tempfile.mkdtemp(prefix="charter-metrics-", dir=Path(chosen).expanduser()))
        except OSError as error:
            raise MetricsFolderError(
                f"METRICS_DIR {chosen} is not writable ({error.strerror}): "
                "set it to a writable folder, or set WORKERS=1"
            ) from error
    for place in (_MEMORY, None):
        try:
            return Path(tempfile.mkdtemp(prefix="charter-metrics-", dir=place))
        except OSError:
            continue
    raise MetricsFolderError(
        "several workers need a folder for their metrics, and neither /dev/shm nor the folder for temporary files "
        "(TMPDIR) is writable: set METRICS_DIR to another folder, or set WORKERS=1"
    )
