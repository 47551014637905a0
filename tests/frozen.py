"""A PostgreSQL that tests stop where it is, and a way to it over TCP; any other process too."""

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from app.embedded import start_postgres


class Frozen:
    """A server of its own in a directory, whose processes can be stopped where they are."""

    def __init__(self, state_dir: Path) -> None:
        self._server = start_postgres(state_dir, durable=False)
        self.url = self._server.url
        self._postmaster = int((state_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])

    def freeze(self) -> None:
        # One that is still running could be given a connection, or give one.
        halt(self._postmaster)
        for pid in self._children():
            halt(pid)

    def thaw(self) -> None:
        for pid in [*self._children(), self._postmaster]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def stop(self) -> None:
        self.thaw()
        self._server.stop()

    def _children(self) -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(entry.read_text().rpartition(")")[2].split()[1]) == self._postmaster:
                    found.append(int(entry.parent.name))
        return found


def halt(pid: int) -> None:
    """Stop a process, and return when it stands."""
    os.kill(pid, signal.SIGSTOP)
    stat = Path(f"/proc/{pid}/stat")
    with contextlib.suppress(OSError):
        while stat.read_text().rpartition(")")[2].split()[0] not in "TZX":
            time.sleep(0.001)


@contextlib.contextmanager
def relayed(url: str) -> Iterator[str]:
    """Give the server's address on TCP."""
    path = f"{parse_qs(urlsplit(url).query)['host'][0]}/.s.PGSQL.5432"

    def carry(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while some := source.recv(65_536):
                target.sendall(some)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def accept(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, upstream = listener.accept()[0], socket.socket(socket.AF_UNIX)
                ends.extend([client, upstream])
                upstream.connect(path)
                for pair in ((client, upstream), (upstream, client)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    ends: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, args=(listener,), daemon=True).start()
        yield f"postgresql://charter@127.0.0.1:{listener.getsockname()[1]}/charter"
        listener.shutdown(socket.SHUT_RDWR)
    for end in ends:
        end.close()
