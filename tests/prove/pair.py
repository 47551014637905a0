"""Two real servers on one database and one cache, replaced one by one, and clients who use both in turn."""

import contextlib
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count, cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.command import Server
from tests.limits import WIDE_LIMITS
from tests.people import PASSWORD
from tests.prove.stores import database_of_admins, stores

CLIENTS = 4


class Pair:
    """Two servers, each at an address of its own; a place is never empty, since the next server starts beside it."""

    def __init__(self, **common: str) -> None:
        self._common = common
        self._servers: list[Server | None] = [None, None]
        self._addresses = ["", ""]
        self._under_way: Counter[str] = Counter()
        self._changed = threading.Condition()

    def replace(self, place: int, **variables: str) -> None:
        """Start a server, let clients use it in place of the one before, and stop that one."""
        server = Server("serve", CHARTER_ENV="test", BCRYPT_COST="4", **WIDE_LIMITS, **self._common, **variables)
        address = server.address()
        with self._changed:
            before, self._servers[place] = self._servers[place], server
            left, self._addresses[place] = self._addresses[place], address
            assert self._changed.wait_for(lambda: not self._under_way[left], 60)
        if before is not None:
            assert before.end(signal.SIGTERM) == 0, before.printed

    @contextlib.contextmanager
    def using(self, place: int) -> Iterator[str]:
        """Give the address of a server, which is not stopped before the block ends."""
        with self._changed:
            address = self._addresses[place]
            self._under_way[address] += 1
        try:
            yield address
        finally:
            with self._changed:
                self._under_way[address] -= 1
                self._changed.notify_all()

    def end(self) -> None:
        for server in self._servers:
            if server is not None and server.process.poll() is None:
                server.end(signal.SIGKILL)


@contextlib.contextmanager
def deployed(place: Path, **variables: str) -> Iterator[Pair]:
    """Give two places for servers, on stores of their own, where everybody below has an account."""
    names = [f"client{number}" for number in range(CLIENTS)]
    with stores(place / "stores") as found, database_of_admins(found["DATABASE_URL"], names):
        pair = Pair(**found, **variables)
        try:
            yield pair
        finally:
            pair.end()


class Load:
    """Clients who sign in once, and from then on send each request to the other server than the one before it.

    Attributes:
        answers: how many of each kind came, as `operation status code`.
    """

    def __init__(self, pair: Pair) -> None:
        self._pair = pair
        self._stop = threading.Event()
        self._rounds = [0] * CLIENTS
        self._fault: list[BaseException] = []
        self.responses: Counter[str] = Counter()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        if self._fault:
            raise self._fault[0]

    def go_on(self, rounds: int) -> None:
        """Return when every client has been through so many more rounds; each round refreshes."""
        wanted = [done + rounds for done in self._rounds]
        pause = threading.Event()
        while any(done < want for done, want in zip(self._rounds, wanted, strict=True)):
            if self._fault:
                raise self._fault[0]
            pause.wait(0.05)

    @property
    def failures(self) -> dict[str, int]:
        return {what: number for what, number in self.responses.items() if not what.split()[1].startswith("2")}

    def _run(self, number: int) -> None:
        try:
            with Client(self._pair, f"client{number}@example.com", self.responses) as client:
                while not self._stop.is_set():
                    client.go_round()
                    self._rounds[number] += 1
        except BaseException as fault:  # noqa: BLE001 (raised in the thread that asked for the load)
            self._fault.append(fault)


class Client:
    """One of them: reads, pages through a list, writes with an Idempotency-Key twice, and refreshes."""

    def __init__(self, pair: Pair, email: str, responses: Counter[str]) -> None:
        self._pair, self._email, self._answers = pair, email, responses
        # Of their own, so that each refresh goes to the other server than the one before, whatever failed in between.
        self._turns, self._refreshes = cycle((0, 1)), cycle((0, 1))
        self._numbers = count()
        self._connections: dict[str, httpx.Client] = {}
        self._tokens: dict[str, Any] = {}

    def __enter__(self) -> "Client":
        self._sign_in()
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._connections.values():
            connection.close()

    def go_round(self) -> None:
        for _ in range(4):
            self._send("get_me", "GET", "/v1/users/me")
        page = self._send("list_audit_events", "GET", "/v1/audit-events?limit=1")
        if page:
            cursor = page["meta"]["pagination"]["next_cursor"]
            self._send("list_audit_events", "GET", f"/v1/audit-events?limit=1&cursor={cursor}")
        number = next(self._numbers)
        body = {"email": f"{number}.{self._email}", "password": PASSWORD}
        for _ in range(2):
            key = {"Idempotency-Key": f"{number}"}
            self._send("create_user", "POST", "/v1/users", json=body, headers=key)
        refreshed = self._send(
            "refresh", "POST", "/v1/auth/refresh", json={"refresh_token": self._tokens["refresh_token"]}
        )
        if refreshed:
            self._tokens = refreshed["data"]
        else:
            self._sign_in()

    def _sign_in(self) -> None:
        signed_in = self._send("login", "POST", "/v1/auth/login", json={"email": self._email, "password": PASSWORD})
        assert signed_in, "a client cannot sign in"
        self._tokens = signed_in["data"]

    def _send(self, operation: str, method: str, path: str, **more: Any) -> dict[str, Any] | None:
        headers = {**more.pop("headers", {}), "Authorization": f"Bearer {self._tokens.get('access_token', '')}"}
        if operation in ("login", "refresh"):
            del headers["Authorization"]
        turns = self._refreshes if operation == "refresh" else self._turns
        with self._pair.using(next(turns)) as address:
            connection = self._connections.get(address)
            if connection is None:
                connection = self._connections[address] = httpx.Client(base_url=address, timeout=30)
            response = connection.request(method, path, headers=headers, **more)
        code = "" if response.is_success else response.json()["errors"][0]["code"]
        self._answers[
            f"{operation} {response.status_code} {code} {urlsplit(address).port if code else ''}".strip()
        ] += 1
        found: dict[str, Any] = response.json()
        return found if response.is_success else None
