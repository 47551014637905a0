"""The same requests to two servers in turn, one at a time, and how long each of them took."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter

import orjson

from tests.bench.driver import HOST, LoadError, read_response
from tests.bench.scale.cases import Case
from tests.bench.scale.served import HEADER
from tests.bench.traffic import get

Names = Mapping[str, Sequence[str]]
"""What stands for a name in braces; the n-th request takes the n-th of them, beginning again at the end."""

_MARK = b"\r\n" + HEADER + b": "


@dataclass(frozen=True, slots=True)
class Took:
    """How long a request took, in milliseconds.

    Attributes:
        whole: from sending it to the end of the response.
        database: of that, the statements.
        rows: on the page; None where the response is no list.
    """

    whole: float
    database: float
    rows: int | None = None


class Side:
    """One of the two: a server on a database, and the connection that asks it.

    Args:
        port: of the server, on the loopback address.
        names: what its database has for the names in braces.
    """

    def __init__(self, port: int, token: str, names: Names) -> None:
        self._token = token
        self._names = names
        self._socket = socket.create_connection((HOST, port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, case: Case, number: int, cursor: str | None = None) -> bytes:
        """Return the n-th request of a case."""
        path = case.path
        for name, values in self._names.items():
            path = path.replace(f"{{{name}}}", values[number % len(values)])
        if cursor:
            path += f"{'&' if '?' in path else '?'}cursor={cursor}"
        return get(path, self._token).raw

    def cursor(self, case: Case) -> str | None:
        """Follow the pages of a case as far as it says, and return where the next one begins.

        Raises:
            LoadError: there are not so many.
        """
        cursor: str | None = None
        for _ in range(case.pages):
            _, body = self.ask(self.request(case, 0, cursor))
            cursor = orjson.loads(body)["meta"]["pagination"]["next_cursor"]
            if cursor is None:
                raise LoadError(f"{case.path} has no {case.pages} pages")
        return cursor

    def ask(self, request: bytes) -> tuple[Took, bytes]:
        """Send a request and wait for the whole response.

        Raises:
            LoadError: it is not 2xx, or there is none.
        """
        began, data = perf_counter(), b""
        self._socket.sendall(request)
        while (response := read_response(data)) is None:
            if not (more := self._socket.recv(1 << 18)):
                raise LoadError(f"{_line(request)}: the connection was closed")
            data += more
        took = (perf_counter() - began) * 1000
        status, body = response
        if not 200 <= status < 300:
            raise LoadError(f"{_line(request)} returned {status}: {body[:500].decode(errors='replace')}")
        at = data.index(_MARK) + len(_MARK)
        return Took(took, float(data[at : data.index(b"\r\n", at)])), body

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def measure(
    cases: Sequence[Case], sides: Sequence[Side], rounds: int, on_round: Callable[[int], object]
) -> list[list[Took]]:
    """Ask each case of each side in turn, round after round.

    Args:
        rounds: how often; an unmeasured one goes first.
        on_round: called with the number of each round that is about to begin.

    Returns:
        For each case what it took on each side, the medians.
    """
    cursors = [[side.cursor(case) for side in sides] for case in cases]
    taken: list[list[list[Took]]] = [[[] for _ in sides] for _ in cases]
    rows: dict[tuple[Case, Side], int | None] = {}
    for number in range(rounds + 1):
        on_round(number)
        for case, places, samples in zip(cases, cursors, taken, strict=True):
            turns = list(zip(sides, places, samples, strict=True))
            # Who goes first changes, so that neither always finds what the other has left in the caches.
            for side, cursor, sample in turns if number % 2 else reversed(turns):
                took, body = side.ask(side.request(case, number, cursor))
                if number:
                    sample.append(took)
                else:
                    rows[case, side] = _rows(body)
    return [
        [_middle(sample, rows[case, side]) for side, sample in zip(sides, samples, strict=True)]
        for case, samples in zip(cases, taken, strict=True)
    ]


def _middle(sample: Sequence[Took], rows: int | None) -> Took:
    return Took(median(took.whole for took in sample), median(took.database for took in sample), rows)


def _rows(body: bytes) -> int | None:
    data = orjson.loads(body).get("data")
    return len(data) if isinstance(data, list) else None


def _line(request: bytes) -> str:
    return request.split(b" HTTP/", 1)[0].decode(errors="replace")
