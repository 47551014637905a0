"""A running mock for tests, and people in it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from app.mock import accounts
from app.mock.application import create_mock
from app.mock.configuration import MockOptions, read_config
from app.mock.people import PASSWORD as MOCK_PASSWORD
from app.mock.state import State
from tests import leaks
from tests.limits import WIDE_LIMITS
from tests.people import PASSWORD, ROLES, Person
from tests.service import Service


class MockService(Service):
    """A mock that listens on a free port of the loopback until it is closed.

    Attributes:
        state: its rows.
    """

    state: State

    def __init__(
        self, options: MockOptions | None = None, *, variables: Mapping[str, str] | None = None, **given: Any
    ) -> None:
        self._options = options or MockOptions(accounts=3)
        # As wide as in the services of the other tests, so that the headers are equal.
        environ = {"LOG_FORMAT": "json", "LOG_LEVEL": "debug", **WIDE_LIMITS, **(variables or {})}
        config = read_config(environ, host="127.0.0.1", port=0)
        leaks.note(config.jwt_secret, *(secret for _, secret in config.refresh_keys))
        super().__init__(config, **given)

    def make_app(self, **given: Any) -> Any:
        made = create_mock(self.config, self._options, clock=self.clock, **given)
        self.state = made.state
        return made.app

    def sign_in(self, email: str, password: str = MOCK_PASSWORD) -> dict[str, Any]:
        """Sign in and return the data of the response."""
        with self.client() as client:
            response = client.post("/v1/auth/login", json={"email": email, "password": password})
        assert response.status_code == 200, response.text
        data: dict[str, Any] = response.json()["data"]
        return data


class MockPeople:
    """The people of `tests.people` in a mock that has just started; its own accounts make room for them."""

    def __init__(self, service: MockService) -> None:
        self._service = service
        self._known: dict[str, Person] = {}
        self._hash = next(iter(service.state.tables.accounts.values())).password_hash
        assert MOCK_PASSWORD == PASSWORD
        service.state.tables.accounts.clear()
        service.state.tables.sessions.clear()

    def __getattr__(self, name: str) -> Person:
        if name.startswith("_") or name not in ROLES:
            raise AttributeError(name)
        return self._known.get(name) or self.make(name, ROLES[name])

    def make(self, name: str, role: str) -> Person:
        """Make somebody with a role, verified unless a guest."""
        made = self._insert(name, role, self._service.clock())
        person = self._known[name] = Person(name, made, role, self._service)
        return person

    def _insert(self, name: str, role: str, now: datetime) -> UUID:
        made = accounts.insert(
            self._service.state,
            email=f"{name}@example.com",
            password_hash=self._hash,
            role=role,
            verified=role != "guest",
            profile={"display_name": name.title()},
            now=now,
        )
        assert made is not None
        return made.id

    def close(self) -> None:
        for person in self._known.values():
            person.close()
