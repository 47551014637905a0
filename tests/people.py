"""The people of every test: Ada runs the place, Alice owns what is looked at, Bob is a colleague, Mallory has no right.

Gus is a guest. They are made by the services, and signed in over the wire when a test first asks for a client.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx

from app.database import run, transaction
from app.services import user_rows
from tests.service import Service

PASSWORD = "marmalade lantern 7 quarry"
ROLES = {"ada": "admin", "alice": "user", "bob": "user", "mallory": "user", "gus": "guest"}


@dataclass
class Person:
    """Somebody with an account.

    Attributes:
        tokens: what the last sign-in answered, None before it.
    """

    name: str
    id: UUID
    role: str
    service: Service
    tokens: dict[str, Any] | None = None
    clients: list[httpx.Client] = field(default_factory=list)

    @property
    def email(self) -> str:
        return f"{self.name}@example.com"

    def sign_in(self) -> dict[str, Any]:
        """Sign in and return the data of the response."""
        with self.service.client() as client:
            response = client.post("/v1/auth/login", json={"email": self.email, "password": PASSWORD})
        assert response.status_code == 200, response.text
        self.tokens = response.json()["data"]
        return self.tokens

    @property
    def api(self) -> httpx.Client:
        """A client signed in as this person, always the same."""
        if not self.clients:
            self.clients.append(self.service.client((self.tokens or self.sign_in())["access_token"]))
        return self.clients[0]

    def close(self) -> None:
        for client in self.clients:
            client.close()


class People:
    """Creates each person when a test first names them."""

    def __init__(self, service: Service, password_hash: str) -> None:
        self._service = service
        self._hash = password_hash
        self._known: dict[str, Person] = {}

    def __getattr__(self, name: str) -> Person:
        if name.startswith("_") or name not in ROLES:
            raise AttributeError(name)
        return self._known.get(name) or self.make(name, ROLES[name])

    def make(self, name: str, role: str) -> Person:
        """Make somebody with a role, verified unless a guest."""
        made = make_account(name, role, self._hash, now=self._service.clock())
        person = self._known[name] = Person(name, made, role, self._service)
        return person

    def close(self) -> None:
        for person in self._known.values():
            person.close()


def make_account(name: str, role: str, password_hash: str, *, now: datetime) -> UUID:
    """Make an account in the bound database, verified unless a guest; return its id."""
    with transaction():
        user_id = user_rows.insert(
            email=f"{name}@example.com",
            password_hash=password_hash,
            role=role,
            verified=role != "guest",
            profile={"display_name": name.title()},
            now=now,
        )
    assert user_id is not None
    return user_id


def make_crowd(number: int, *, created: str = "now()", updated: str = "now()") -> None:
    """Make guests crowd1@example.com and so on in the bound database, with a profile each.

    Args:
        created: when an account was created, in SQL; `n` is its number.
        updated: when it was last changed, likewise.
    """
    run(
        f"""
        INSERT INTO users (id, email, password_hash, role_id, created_at, updated_at)
        SELECT gen_random_uuid(), 'crowd' || n || '@example.com', 'none', r.id, {created}, {updated}
        FROM roles r, generate_series(1, %s) n WHERE r.name = 'guest'
        """,
        (number,),
    )
    # The check of a profile's account looks at every account, as long as it was planned for the few there were before.
    run("ANALYZE users")
    run(
        """
        INSERT INTO user_profiles (id, user_id) SELECT gen_random_uuid(), id FROM users
        WHERE NOT EXISTS (SELECT FROM user_profiles WHERE user_id = users.id)
        """
    )


def make_role(name: str, *permissions: str) -> None:
    """Make a role of its own with the permissions that every role holds, and these."""
    everyone = {"account:read", "account:update", "sessions:end"}
    run(
        """
        WITH made AS (INSERT INTO roles (id, name, description, built_in, holds_all, created_at, updated_at)
                      VALUES (gen_random_uuid(), %s, 'made by a test', false, false, now(), now()) RETURNING id)
        INSERT INTO role_permissions (id, role_id, permission, created_at)
        SELECT gen_random_uuid(), made.id, permission, now() FROM made, unnest(%s) permission
        """,
        (name, sorted(everyone | set(permissions))),
    )
