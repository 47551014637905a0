"""Clients of the Python package that are always busy, some in threads and some in tasks, and what they were told."""

import asyncio
import logging
import threading
from collections.abc import Callable, Generator
from typing import Any, Self

from tests.people import PASSWORD
from tests.waiting import until

CLIENTS = 6
# A restart takes some seconds, and a call waits for its end.
RETRIES = 10

Call = Callable[[], Any]


class Client:
    """One client. A round is the same for threads and asyncio: it yields calls, and is sent their results.

    Attributes:
        rounds: how many are complete.
        made: the addresses of the accounts that it was told were created.
        replayed: how many of them were told by a second attempt.
        may_be: what its own account may have as `bio`: more than one value after a change whose result is not known.
        doubtful: how many such changes there were.
        refreshed: how many times it has found its access token rejected.
    """

    def __init__(self, sdk: Any, url: str, number: int) -> None:
        self._sdk = sdk
        self._store = sdk.MemoryStore()
        kind = sdk.AsyncCharter if number % 2 else sdk.Charter
        self.api = kind(url, store=self._store, retries=RETRIES)
        self.is_async = bool(number % 2)
        self.email = f"client{number}@example.com"
        self.rounds = self.replayed = self.doubtful = self.refreshed = 0
        self.made: list[str] = []
        self.may_be: set[str | None] = {None}

    def sign_in(self) -> Generator[Call, Any, None]:
        """Sign in, once for all rounds."""
        yield lambda: self.api.auth.login(email=self.email, password=PASSWORD)

    def go_round(self) -> Generator[Call, Any, None]:
        """Create an account, find it, change the own account, and have the access token expire."""
        email, bio = f"made.{self.rounds}.{self.email}", str(self.rounds)
        response = yield lambda: self.api.users.with_response.create_user(email=email, password=PASSWORD)
        self.made.append(response.data.email)
        self.replayed += response.replayed
        found = yield lambda: self.api.users.list_users(q=email)
        assert [user.id for user in found] == [response.data.id]
        before, self.may_be = self.may_be, {*self.may_be, bio}
        try:
            yield lambda: self.api.me.update_me(bio=bio)
            self.may_be = {bio}
        except (self._sdk.ConnectionFailed, self._sdk.TimedOut):
            self.doubtful += 1
        except self._sdk.Unavailable:  # it was not carried out
            self.may_be = before
        me = yield self.api.me.get_me
        assert me.profile.bio in self.may_be, (me.profile.bio, self.may_be)
        self._spoil()
        self.rounds += 1

    def _spoil(self) -> None:
        tokens = self._store.load()
        text, _, signature = tokens.access_token.rpartition(".")
        self._store.save(self._sdk.Tokens(f"{text}.{signature[::-1]}", tokens.refresh_token))
        self.refreshed += 1


class Broken(logging.Handler):
    """Counts the attempts that got no response, which the package logs."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.count += "Error" in record.getMessage()


class Load:
    """Keeps clients busy from its start to its end, and then raises what went wrong.

    Attributes:
        broken: counts the attempts that got no response.
    """

    def __init__(self, sdk: Any, url: str) -> None:
        self.clients = [Client(sdk, url, number) for number in range(CLIENTS)]
        self.broken = Broken()
        self._log = logging.getLogger("charter_client")
        self._over = threading.Event()
        self._faults: list[BaseException] = []
        synchronous = [client for client in self.clients if not client.is_async]
        self._threads = [threading.Thread(target=self._watched, args=(self._thread, client)) for client in synchronous]
        self._threads.append(threading.Thread(target=self._watched, args=(self._tasks,)))

    def __enter__(self) -> Self:
        self._log.addHandler(self.broken)
        self._log.setLevel(logging.DEBUG)
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._log.removeHandler(self.broken)
        for thread in self._threads:
            thread.join()
        if self._faults:
            raise self._faults[0]

    def go_on(self, rounds: int) -> None:
        """Return when each client has completed so many more rounds."""
        wanted = [client.rounds + rounds for client in self.clients]
        until(lambda: self._faults or all(map(int.__ge__, [client.rounds for client in self.clients], wanted)))
        if self._faults:
            raise self._faults[0]

    def _watched(self, work: Callable[..., None], *arguments: Client) -> None:
        try:
            work(*arguments)
        except BaseException as fault:  # noqa: BLE001  # raised where the load was asked for
            self._faults.append(fault)

    def _thread(self, client: Client) -> None:
        with client.api:
            _carry_out(client.sign_in())
            while not self._over.is_set():
                _carry_out(client.go_round())

    def _tasks(self) -> None:
        async def one(client: Client) -> None:
            async with client.api:
                await _acarry_out(client.sign_in())
                while not self._over.is_set():
                    await _acarry_out(client.go_round())

        async def together() -> None:
            async with asyncio.TaskGroup() as group:
                for client in self.clients:
                    if client.is_async:
                        group.create_task(one(client))

        asyncio.run(together())


def _carry_out(calls: Generator[Call, Any, None]) -> None:
    """Make the calls of a round, one after the other."""
    step = calls.send
    value: Any = None
    while True:
        try:
            call = step(value)
        except StopIteration:
            return
        try:
            step, value = calls.send, call()
        except Exception as error:  # noqa: BLE001  # the round knows which it expects
            step, value = calls.throw, error


async def _acarry_out(calls: Generator[Call, Any, None]) -> None:
    """Make the calls of a round for asyncio."""
    step = calls.send
    value: Any = None
    while True:
        try:
            call = step(value)
        except StopIteration:
            return
        try:
            step, value = calls.send, await call()
        except Exception as error:  # noqa: BLE001  # the round knows which it expects
            step, value = calls.throw, error
