"""A client that hangs up, resets, half-closes and sends ahead, at moments that a seed decides; and reads what it must.

What it reads is judged at once: a response has to be the one to the request that stands next in the row.
"""

import contextlib
import json
import random
import socket
import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.people import PASSWORD, Person

_RESET = struct.pack("ii", 1, 0)
_LONGEST_PAUSE_SECONDS = 0.006


@dataclass(frozen=True, slots=True)
class Question:
    """A request, with what its response must hold."""

    id: str
    raw: bytes
    expected: tuple[tuple[str, Any], ...]

    def fits(self, head: bytes, body: bytes) -> str | None:
        """Return what is wrong with a response; None: it is this question's."""
        told = json.loads(body)
        found = {
            "HTTP": int(head.split(b" ", 2)[1]),
            "header": next((line[14:].strip().decode() for line in head.split(b"\r\n") if _is_id(line)), None),
            "meta": told["meta"]["request_id"],
            **_flat(told["data"] or {}),
        }
        wanted = {"HTTP": 200, "header": self.id, "meta": self.id, **dict(self.expected)}
        wrong = {name: (found.get(name), value) for name, value in wanted.items() if found.get(name) != value}
        return f"{self.id}: {wrong} {told['errors']}" if wrong else None


def _is_id(line: bytes) -> bool:
    return line.lower().startswith(b"x-request-id: ")


def _flat(data: dict[str, Any]) -> dict[str, Any]:
    return {**data, **data.get("profile", {}), **data.get("user", {})}


class RudeClient:
    """Asks for somebody, on one connection after the other.

    Attributes:
        cancelled: requests begun whose answer was not read whole.
        answered: requests whose answer was read and was right.
        wrong: what was read and was another's, or broken.
    """

    def __init__(self, person: Person, token: str, number: int, seed: int) -> None:
        self._person, self._token, self._name = person, token, f"{person.name}-{number}"
        self._random = random.Random(f"{seed} {self._name}")
        self._asked = 0
        self.cancelled = self.answered = 0
        self.wrong: list[str] = []

    def run(self, cancellations: int) -> None:
        """Ask until so many requests were cancelled."""
        while self.cancelled < cancellations and not self.wrong:
            address = urlsplit(self._person.service.url)
            with socket.create_connection((str(address.hostname), address.port or 80), timeout=20) as connection:
                self._use(connection)

    def _use(self, connection: socket.socket) -> None:
        reader, rng = _answers(connection), self._random
        while not self.wrong:
            questions = [self._question() for _ in range(rng.choice((1, 1, 2, 4)))]
            raw = b"".join(question.raw for question in questions)
            manner = rng.choice(("read", "read", "close", "reset", "cut", "read some", "glance", "half-close"))
            sent = raw[: rng.randrange(1, len(raw))] if manner == "cut" else raw
            before = self.answered
            with contextlib.suppress(ConnectionError, BrokenPipeError):
                connection.sendall(sent)
                if manner == "half-close":
                    connection.shutdown(socket.SHUT_WR)
                if manner in ("read", "read some", "half-close"):
                    self._read(reader, questions[: rng.randrange(len(questions)) if manner == "read some" else None])
                elif manner == "glance":
                    connection.recv(rng.randrange(1, 400))
            self.cancelled += len(questions) - (self.answered - before)
            if manner != "read":
                time.sleep(rng.random() * _LONGEST_PAUSE_SECONDS)
                if manner == "reset" or rng.random() < 0.3:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                return

    def _read(self, reader: Iterator[tuple[bytes, bytes]], questions: list[Question]) -> None:
        for question, (head, body) in zip(questions, reader, strict=False):
            fault = question.fits(head, body)
            if fault:
                self.wrong.append(fault)
                return
            self.answered += 1

    def _question(self) -> Question:
        self._asked += 1
        id_, person = f"{self._name}.{self._asked}", self._person
        kind = self._random.choice(("me", "me", "profile", "write", "write", "sign in"))
        mine = ("email", person.email), ("id", str(person.id))
        head = f"Host: x\r\nX-Request-Id: {id_}\r\n"
        signed = f"{head}Authorization: Bearer {self._token}\r\n"
        if kind == "me":
            return Question(id_, f"GET /v1/users/me HTTP/1.1\r\n{signed}\r\n".encode(), mine)
        if kind == "profile":
            raw = f"GET /v1/users/{person.id}/profile HTTP/1.1\r\n{signed}\r\n"
            return Question(id_, raw.encode(), (("user_id", str(person.id)),))
        if kind == "write":
            raw = f"PATCH /v1/users/me HTTP/1.1\r\n{signed}" + _json({"bio": id_})
            return Question(id_, raw.encode(), (*mine, ("bio", id_)))
        raw = f"POST /v1/auth/login HTTP/1.1\r\n{head}" + _json({"email": person.email, "password": PASSWORD})
        return Question(id_, raw.encode(), mine)


def _json(body: dict[str, str]) -> str:
    text = json.dumps(body)
    return f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n{text}"


def _answers(connection: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Yield head and body of what comes, in its order, until the server closes."""
    received = b""
    while True:
        while b"\r\n\r\n" not in received:
            if not (some := connection.recv(65_536)):
                return
            received += some
        head, _, received = received.partition(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        size = int(lengths[0].partition(b":")[2])
        while len(received) < size:
            if not (some := connection.recv(65_536)):
                return
            received += some
        yield head, received[:size]
        received = received[size:]
