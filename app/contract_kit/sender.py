"""Sends the requests of a run, inspects every response, and records what holds."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlencode

from app.contract_kit.client import Client, UnreachableError
from app.contract_kit.document import Document, Operation
from app.contract_kit.exchange import Request, Response
from app.contract_kit.inspection import Inspection
from app.contract_kit.ledger import Ledger
from app.contract_kit.person import Person
from app.contract_kit.results import Results
from app.contract_kit.schemas import Schemas


class CannotTryError(Exception):
    """An operation cannot be tried; the text says why."""


class Sender:
    """One run against one deployment.

    Attributes:
        run: the name of the run: everything that it makes has it in its name.
        check: the name of the check that runs.
        skipped: operations that are left out.
        token_of: returns the access token of a person.
        setting: the setting that is written and reset, once one is chosen.
    """

    def __init__(self, client: Client, document: Document, results: Results, *, run: str, seed: int) -> None:
        self.client, self.document, self.results = client, document, results
        self.run, self.seed = run, seed
        self.check = "reach"
        self.skipped: frozenset[str] = frozenset()
        self.token_of: Callable[[Person], str] = _no_token
        self.setting: dict[str, Any] | None = None
        self.chance = random.Random(seed)
        self.ledger = Ledger()
        self.request_schemas = Schemas(document, response=False)
        self._inspection = Inspection(document)
        self._numbers = iter(range(1, 10**9))

    @property
    def url(self) -> str:
        """Where the deployment is."""
        return self.client.address.url

    def operations(self) -> list[Operation]:
        """The operations to be tried."""
        return [operation for operation in self.document if operation.name not in self.skipped]

    def unique(self, word: str) -> str:
        """Return a name that nothing else of this deployment has: a word, the run, and a number."""
        return f"{word}-{self.run}-{next(self._numbers)}"

    def request(
        self,
        operation: Operation | str,
        caller: Person | None = None,
        *,
        values: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> Request:
        """Return a request to an operation.

        Args:
            caller: who sends it; None: nobody, without a token.
            values: of the path parameters.
            body: to be sent as JSON; None: no body.
        """
        found = self.document[operation] if isinstance(operation, str) else operation
        path = found.path
        for name, value in (values or {}).items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        target = f"{path}?{urlencode(query)}" if query else path
        sent, data = dict(headers or {}), None
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        token = self.token_of(caller) if caller else None
        return Request(found.method, target, sent, data, found.name, caller.label if caller else "nobody", token)

    def send(self, request: Request, caller: Person | None = None, *, refused_for_rate: bool = False) -> Response:
        """Send a request, and inspect its response.

        Args:
            caller: whose limit it counts in; None: that of this machine's address.
        """
        key = caller.key if caller and request.token is not None else "address"
        response = self.client.send(request, key=key, refused_for_rate=refused_for_rate)
        self.results.saw(self.check, response)
        operation = request.operation or ""
        faults = list(self._inspection.faults(response))
        for check, message in faults:
            self.fail(message, response, check=check)
        found = {check for check, _ in faults}
        for check in ("schema", "headers", "envelope"):
            if check not in found:
                self.results.expect(True, "", check=check, operation=operation)
        return response

    def call(self, operation: Operation | str, caller: Person | None = None, **parts: Any) -> Response:
        """Send a request to an operation; see `request`."""
        return self.send(self.request(operation, caller, **parts), caller)

    def rows(self, operation: str, caller: Person, query: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """Yield the rows of a list, page by page."""
        offset = 0
        while True:
            response = self.call(operation, caller, query={**(query or {}), "limit": 100, "offset": offset})
            yield from response.data if response.ok else ()
            offset += 100
            if not response.ok or not response.meta["pagination"]["next"]:
                return

    def expect(self, held: bool, message: str, response: Response | None = None, *, operation: str = "") -> bool:
        """Record whether a statement of the running check holds, and return it.

        Args:
            message: what is wrong, if it does not.
            response: the response that shows it.
            operation: what it is about, if not the response's operation.
        """
        about = operation or (response.request.operation if response else "") or ""
        return self.results.expect(
            held, message, check=self.check, operation=about, response=response, url=self.url
        )  # fmt: skip

    def fail(self, message: str, response: Response | None = None, *, check: str = "") -> None:
        """Record a failure."""
        operation = (response.request.operation if response else "") or ""
        self.results.expect(
            False, message, check=check or self.check, operation=operation, response=response, url=self.url
        )  # fmt: skip

    def expect_status(self, response: Response, *statuses: int, code: str | None = None, why: str = "") -> bool:
        """Record whether a response has one of these statuses, and this code."""
        wanted = " or ".join(map(str, statuses)) + (f" {code}" if code else "")
        held = response.status in statuses and (code is None or response.code == code)
        return self.expect(held, f"{response.told()} instead of {wanted}{f': {why}' if why else ''}", response)

    def gap(self, operation: str, what: str, reason: str, *, accepted: bool = False) -> None:
        """Record what the running check could not try."""
        self.results.gap(self.check, operation, what, reason, accepted=accepted)

    @contextmanager
    def trying(self, operation: str, what: str = "it") -> Iterator[None]:
        """Try something with an operation: what cannot be tried is a gap, and an unexpected response a failure."""
        try:
            yield
        except CannotTryError as error:
            self.gap(operation, what, str(error))
        except UnreachableError as error:
            self.results.expect(False, str(error), check=self.check, operation=operation)
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, AssertionError) as error:
            place = place_of(error)
            self.results.expect(
                False,
                f"a response has not the form that was expected ({type(error).__name__}: {error}; {place})",
                check=self.check,
                operation=operation,
            )


def _no_token(person: Person) -> str:
    raise CannotTryError(f"nobody can sign in as {person.label} yet")


def place_of(error: BaseException) -> str:
    """Return the function and line where an error was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_name} line {trace.tb_lineno}" if trace else ""
