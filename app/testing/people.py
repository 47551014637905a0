"""The people of the tests: Ada is an admin; Alice, Bob and Mallory are users; Gus is a guest.

In a test Alice owns what it is about, Bob is somebody else, and Mallory has no right to it.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from app.database import run, transaction
from app.security.passwords import Passwords
from app.services import user_rows
from app.testing.service import Service

PASSWORD = "marmalade lantern 7 quarry"  # noqa: S105  # it opens nothing but the databases of tests
ROLES = {"ada": "admin", "alice": "user", "bob": "user", "mallory": "user", "gus": "guest"}


@dataclass(eq=False)
class Person:
    """Somebody with an account.

    Attributes:
        id: of the account.
        role: its name.
    """

    name: str
    id: UUID
    role: str
    _service: Service = field(repr=False)
    _client: httpx.Client | None = field(default=None, repr=False)

    @property
    def email(self) -> str:
        """The address of the account."""
        return f"{self.name}@example.com"

    @property
    def api(self) -> httpx.Client:
        """A client that is signed in as this person, always the same."""
        if self._client is None:
            self._client = self._service.client(str(self.sign_in()["access_token"]))
        return self._client

    def sign_in(self) -> dict[str, Any]:
        """Sign in, and return the tokens.

        Raises:
            AssertionError: the server refuses.
        """
        with self._service.client() as client:
            response = client.post("/v1/auth/login", json={"email": self.email, "password": PASSWORD})
        if response.status_code != 200:
            raise AssertionError(f"{self.name} cannot sign in: {response.text}")
        tokens: dict[str, Any] = response.json()["data"]
        return tokens

    def close(self) -> None:
        """Close the client."""
        if self._client is not None:
            self._client.close()


class People:
    """Makes the account of each person when a test first names them: `people.alice`."""

    def __init__(self, service: Service, password_hash: str) -> None:
        self._service = service
        self._hash = password_hash
        self._known: dict[str, Person] = {}

    def __getattr__(self, name: str) -> Person:
        if name not in ROLES:
            raise AttributeError(f"There is no {name}: use {', '.join(ROLES)}, or people.make(name, role)")
        return self._known.get(name) or self.make(name, ROLES[name])

    def make(self, name: str, role: str) -> Person:
        """Make an account with a role; its address is verified unless it is a guest."""
        with transaction():
            made = user_rows.insert(
                email=f"{name}@example.com",
                password_hash=self._hash,
                role=role,
                verified=role != "guest",
                profile={"display_name": name.title()},
                now=self._service.clock(),
            )
        if made is None:
            raise ValueError(f"there is no role {role}, or {name} exists already")
        person = self._known[name] = Person(name, made, role, self._service)
        return person

    def make_with(self, name: str, *permissions: str) -> Person:
        """Make an account whose role has these permissions, beside those of every role."""
        run(
            """
            WITH made AS (INSERT INTO roles (id, name, description, built_in, holds_all, created_at, updated_at)
                          VALUES (gen_random_uuid(), %s, 'Made by a test.', false, false, now(), now()) RETURNING id),
                 guest AS (SELECT permission FROM role_permissions p JOIN roles r ON r.id = role_id
                           WHERE r.name = 'guest')
            INSERT INTO role_permissions (id, role_id, permission, created_at)
            SELECT gen_random_uuid(), made.id, permission, now()
            FROM made, (SELECT unnest(%s::text[]) UNION SELECT permission FROM guest) held (permission)
            """,
            (f"{name}s", list(permissions)),
        )
        return self.make(name, f"{name}s")

    def close(self) -> None:
        """Close the clients."""
        for person in self._known.values():
            person.close()


def hash_of_password() -> str:
    """Return the stored text of everybody's password, made cheaply."""
    return Passwords(15, 256, 4).hash(PASSWORD)
