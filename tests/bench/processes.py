"""The measured servers as processes of their own: started on their core, waited for, weighed, and stopped by pid.

A server may have several processes. What it uses is what its whole tree of processes uses.
"""

import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep

from tests.bench.driver import HOST, LoadError, read_response

ROOT = Path(__file__).parents[2]
CAN_PIN = hasattr(os, "sched_setaffinity")
CORES = sorted(os.sched_getaffinity(0)) if CAN_PIN else []
SERVER_CORE, LOAD_CORE = (CORES[0], CORES[min(1, len(CORES) - 1)]) if CORES else (0, 0)
START_SECONDS = 120.0
STOP_SECONDS = 30.0
ANSWER_SECONDS = 60.0
SETTLE_SECONDS = 3.0
SETTLE_STEP = 0.05


@contextlib.contextmanager
def on_core(*chosen: int) -> Iterator[None]:
    """Keep this thread, and every process it starts meanwhile, on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def busy_seconds(core: int) -> float:
    """Return how long a core has not been idle since the machine started, in seconds."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _waiting, *interrupts = (int(word) for word in line.split()[1:8])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def tree_seconds(root: int) -> float:
    """Return the processor time that a process and all that descend from it have used, in seconds.

    What has ended is counted where its parent has waited for it.
    """
    used: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            used[int(folder.name)] = sum(map(int, fields[11:15]))
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    total, waiting = 0, [root]
    while waiting:
        pid = waiting.pop()
        total += used.get(pid, 0)
        waiting += children.get(pid, ())
    return total / os.sysconf("SC_CLK_TCK")


def parent(pid: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class Server:
    """One server process, in a session of its own so that a Ctrl-C reaches it only through us.

    Attributes:
        name: what it is called in the log's file name and in complaints.
        port: where it listens, on the loopback address.
    """

    def __init__(self, name: str, command: Sequence[str], port: int, log: Path, environ: Mapping[str, str]) -> None:
        """Start the process.

        Args:
            log: takes what it writes.
            environ: variables beside those of this process.
        """
        self.name = name
        self.port = port
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**os.environ, **environ},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait_until_ready(self, request: bytes) -> None:
        """Ask until a response is 2xx.

        Raises:
            LoadError: the process ended, or was not ready in time; with the end of what it wrote.
        """
        last = "no connection"
        until = monotonic() + START_SECONDS
        while monotonic() < until:
            if self._process.poll() is not None:
                raise LoadError(f"{self.name} ended with code {self._process.returncode}:\n{self.tail()}")
            with contextlib.suppress(OSError):
                status, body = ask(self.port, request)
                if 200 <= status < 300:
                    return
                last = f"{status} {body[:1000].decode(errors='replace')}"
            sleep(0.01)
        raise LoadError(f"{self.name} was not ready in {START_SECONDS:.0f} s: {last}\n{self.tail()}")

    def core_seconds(self) -> float:
        """Return the processor time that all processes of the server have used, in seconds."""
        return tree_seconds(self._process.pid)

    def settle(self) -> None:
        """Wait until the server has no more work from requests whose client is gone."""
        until = monotonic() + SETTLE_SECONDS
        used = self.core_seconds()
        while monotonic() < until:
            sleep(SETTLE_STEP)
            before, used = used, self.core_seconds()
            if used - before < SETTLE_STEP / 4:
                return

    def resident_mib(self) -> float:
        """Return the resident memory of the process in MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024

    def stop(self) -> None:
        """End the process; it gets a while to do so itself."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def tail(self) -> str:
        """Return the end of what the server wrote."""
        return self._log.read_text(errors="replace")[-3000:]


def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """Send one request on a connection of its own and return the status and the body of the response.

    Raises:
        OSError: nobody listens, or the connection was closed.
    """
    data = b""
    with socket.create_connection((HOST, port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(request)
        while (response := read_response(data)) is None:
            if not (more := connection.recv(65536)):
                raise ConnectionResetError("closed before the response was complete")
            data += more
    return response
