"""How much work a request makes, in time of the processor: of the whole process, in which the service runs."""

import contextlib
import random
import socket
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import orjson

from app.spec.document import resolve
from tests.integration.hostile import worst_inputs as worst
from tests.integration.hostile.attack_surface import Operation, attackable, contract, part_of
from tests.people import People
from tests.service import Service
from tests.standins import Values

BODY, HEAD, TARGET = 65_000, 15_000, 8_000
"""Bytes: a little less than BODY_LIMIT, HEADER_LIMIT and URI_LIMIT allow, so that a value is read."""

# An ordinary request takes 2 to 5 ms, a page in the stock stack 10: what is above is owed to what was sent.
CONSTANT_SECONDS = 0.025
SECONDS_A_BYTE = 1.5e-6
_TRIES = 4
# Properties whose items are compared with each other, and told of one by one.
_LISTS = ("permissions", "tags", "value")

Pairs = tuple[tuple[str, str], ...]


class Attack(NamedTuple):
    """A request that is to make much work."""

    name: str
    raw: bytes

    @property
    def most_seconds(self) -> float:
        return CONSTANT_SECONDS + SECONDS_A_BYTE * len(self.raw)


def request(method: str, target: str, headers: Iterable[tuple[str, str]] = (), body: bytes | None = None) -> bytes:
    """Return the bytes of a request; what the headers name stands in the place of our own."""
    given = {name.lower() for name, _ in headers}
    ours = [("Host", "charter.test"), ("Connection", "close")]
    if body is not None:
        ours += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    lines = [*(pair for pair in ours if pair[0].lower() not in given), *headers]
    head = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace") + (body or b"")


def seconds(service: Service, attack: Attack) -> float:
    """Return the processor time of a request, at its best of some tries unless one is good at once."""
    best = float("inf")
    for _ in range(_TRIES):
        started = time.process_time()
        say(service, attack.raw)
        best = min(best, time.process_time() - started)
        if best <= attack.most_seconds:
            break
    return best


def say(service: Service, raw: bytes) -> int:
    """Send bytes, and return the status of the response."""
    address = urlsplit(service.url)
    with socket.create_connection((str(address.hostname), address.port or 80), timeout=60) as connection:
        received = b""
        # A server that refuses early need not read the rest.
        with contextlib.suppress(ConnectionError):
            connection.sendall(raw)
        with contextlib.suppress(ConnectionError):
            while not _is_whole(received) and (some := connection.recv(262_144)):
                received += some
    assert received.startswith(b"HTTP/1.1 "), received[:100]
    return int(received[9:12])


def _is_whole(response: bytes) -> bool:
    """Tell whether a response is complete: who was sent a Connection header may keep the connection."""
    head, end, body = response.partition(b"\r\n\r\n")
    sizes = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return bool(end) and len(body) >= int(sizes[0] if sizes else b"0")


class Attacks:
    """What is tried on every operation of the document, in the name of an admin."""

    def __init__(self, people: People) -> None:
        token = people.ada.sign_in()["access_token"]
        self._bearer = ("Authorization", f"Bearer {token}")
        self._names = Values(people.bob)

    def sign_in(self) -> Attack:
        """Return a sign-in whose address is marks of two classes, which a normalisation puts in order."""
        body = _encode({"email": "a" + "\u0315" * 15_900 + "\u0323" * 15_900, "password": "x" * 15})
        return Attack("sign-in", request("POST", "/v1/auth/login", (), body))

    def bodies(self, size: int) -> Iterator[Attack]:
        """Yield a body for each kind and each operation that has a field of its own; its fields share the size."""
        for operation in _different_bodies():
            fields = fields_of(operation)
            for kind, text in worst.TEXTS.items():
                yield self._body(operation, kind, _encode(dict.fromkeys(fields, text(size // len(fields)))))
            for kind, value in worst.VALUES.items():
                yield self._body(operation, kind, _encode(dict.fromkeys(fields, value(size // len(fields)))))
                for field in filter(operation.schema.get("properties", {}).get, _LISTS):
                    yield self._body(operation, f"{field}: {kind}", _encode({field: value(size)}))
        for operation in _with_bodies()[:1]:
            yield from self._raw(operation, size)

    def fields(self, size: int) -> Iterator[Attack]:
        """Yield a body for each field of each operation and each kind: that field is as large as that."""
        for operation in _with_bodies():
            for field in fields_of(operation):
                for kind, value in _kinds(size):
                    yield self._body(
                        operation, f"{field}: {kind}", _encode({**(operation.example or {}), field: value})
                    )

    def mixed(self, count: int, size: int, *, seed: int) -> Iterator[Attack]:
        """Yield bodies whose fields each hold another kind, or some one behind the other, as a seed decides."""
        chance = random.Random(seed)
        for number in range(count):
            operation = chance.choice(_with_bodies())
            fields = fields_of(operation)
            share, body = size // len(fields), dict[str, Any]()
            for field in fields:
                if chance.random() < 0.3:
                    body[field] = chance.choice(list(worst.VALUES.values()))(share)
                else:
                    kinds = chance.choices(list(worst.TEXTS.values()), k=chance.choice((1, 2, 3, 8)))
                    body[field] = "".join(make(share // len(kinds)) for make in kinds)
            yield self._body(operation, f"number {number} of seed {seed}", _encode(body))

    def parameters(self, size: int) -> Iterator[Attack]:
        """Yield a request for each parameter in path or query and each kind of text."""
        for operation, name, place in _different_parameters():
            for kind, make in worst.TEXTS.items():
                text = quote(make(size // 3), safe="/" if place == "query" else "")[:size]
                path = self._path(operation, **({name: text} if place == "path" else {}))
                target = f"{path}?{name}={text}" if place == "query" else path
                title = f"{operation.name} {name}: {kind}"
                yield Attack(title, request(operation.policy.method.upper(), target, (self._bearer,)))

    def headers(self, size: int, names: Iterable[str] = worst.NAMES) -> Iterator[Attack]:
        """Yield a request for each header and kind of value, to an operation and to a page."""
        for name in names:
            for kind, make in worst.HEADERS.items():
                pairs = (self._bearer, (name, make(size)))
                headers = pairs[1:] if name == "Authorization" else pairs
                yield Attack(f"{name}: {kind}", request("PATCH", "/v1/users/me", headers, b"{}"))
                yield Attack(f"{name}: {kind}, a page", request("GET", "/openapi.json", headers))
        for kind, lines in _many_headers(size).items():
            yield Attack(kind, request("PATCH", "/v1/users/me", (self._bearer, *lines), b"{}"))
            yield Attack(f"{kind}, a page", request("GET", "/docs", lines))

    def targets(self, size: int) -> Iterator[Attack]:
        """Yield a request for each kind of target."""
        for kind, make in worst.TARGETS.items():
            for method in ("GET", "OPTIONS"):
                yield Attack(f"{method} {kind}", request(method, make(size), (self._bearer,)))
        yield Attack("figures", request("GET", "/metrics", (("Authorization", "Bearer " + "a" * size),)))

    def _raw(self, operation: Operation, size: int) -> Iterator[Attack]:
        for kind, make in worst.RAW.items():
            yield self._body(operation, kind, make(size))

    def _body(self, operation: Operation, kind: str, body: bytes) -> Attack:
        headers = (self._bearer, ("If-Match", "*"))
        raw = request(operation.policy.method.upper(), self._path(operation), headers, body)
        return Attack(f"{operation.name} {kind}", raw)

    def _path(self, operation: Operation, **values: str) -> str:
        path = operation.policy.path
        for name in operation.parameters:
            path = path.replace(f"{{{name}}}", values.get(name) or str(self._names[name]))
        return path


def fields_of(operation: Operation) -> tuple[str, ...]:
    """Return the names of the properties of an operation's body, and one that nobody knows."""
    return (*operation.schema.get("properties", {}), "unknown")


def _with_bodies() -> list[Operation]:
    return [operation for operation in attackable() if operation.schema]


def _different_bodies() -> list[Operation]:
    """Return the operations that have a property which none before them has."""
    seen: set[str] = set()
    found = []
    for operation in _with_bodies():
        properties = {f"{name} {part_of(schema)}" for name, schema in operation.schema.get("properties", {}).items()}
        if properties - seen:
            found.append(operation)
        seen |= properties
    return found


def _kinds(size: int) -> Iterator[tuple[str, Any]]:
    for kind, text in worst.TEXTS.items():
        yield kind, text(size)
    for kind, value in worst.VALUES.items():
        yield kind, value(size)


def _encode(body: Any) -> bytes:
    return orjson.dumps(body)[:BODY] if not isinstance(body, bytes) else body


def _different_parameters() -> list[tuple[Operation, str, str]]:
    """Return the parameters in path or query, each with the first operation that has one of its name and schema."""
    bundle = contract().document.bundle
    found: dict[tuple[str, str, str], tuple[Operation, str, str]] = {}
    for operation in attackable():
        item = bundle["paths"][operation.policy.path]
        for parameter in (*item.get("parameters", ()), *item[operation.policy.method].get("parameters", ())):
            one = resolve(bundle, parameter)
            if one["in"] in ("path", "query"):
                kind = (one["name"], one["in"], str(one["schema"]))
                found.setdefault(kind, (operation, one["name"], one["in"]))
    return list(found.values())


def _many_headers(size: int) -> dict[str, Pairs]:
    return {
        "many headers": tuple((f"x{number}", "") for number in range(size // 10)),
        "one header again and again": (("x", ""),) * (size // 5),
        "addresses in many headers": (("X-Forwarded-For", "127.0.0.1"),) * (size // 28),
        "tags in many headers": (("If-None-Match", '"a"'),) * (size // 22),
        "cookies in many headers": (("Cookie", "a=b"),) * (size // 15),
    }
