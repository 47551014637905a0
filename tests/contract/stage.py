"""The accounts that the document's examples speak of, put back whenever a request may have moved them.

With them most examples succeed: the account of the example id has the example's address, password and version.
"""

from typing import Any

from app.database import run
from tests.people import PASSWORD
from tests.service import Service
from tests.wire import data

EXAMPLE_ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
EXAMPLE_EMAIL = "ada@example.com"
# The one that the examples of If-Match and If-None-Match name.
EXAMPLE_VERSION = 7

# (id, address, role): the standby never acts, so that an admin is left whatever becomes of the one who does.
_STANDBY = ("019c13ec-9e00-7000-8000-000000000001", "standby@example.com", "admin")
_ADMIN = ("019c13ec-9e00-7000-8000-000000000002", "grace@example.com", "admin")
_OWNER = (EXAMPLE_ID, EXAMPLE_EMAIL, "user")

_PUT_BACK = """
DELETE FROM users;
DELETE FROM sign_in_attempts;
WITH people AS (
    SELECT * FROM unnest(%(ids)s::uuid[], %(emails)s, %(roles)s) AS person (id, email, role)
), made AS (
    INSERT INTO users (id, email, password_hash, role_id, verified_at, version)
    SELECT people.id, people.email, %(password_hash)s, roles.id, now(), %(version)s
    FROM people JOIN roles ON roles.name = people.role RETURNING id
)
INSERT INTO user_profiles (id, user_id, display_name) SELECT gen_random_uuid(), made.id, 'Ada Lovelace' FROM made
"""


class Stage:
    """Two admins, and the account of the examples.

    Args:
        caller: who signs in: `admin`, or the `owner` of the examples' account.

    Attributes:
        tokens: what the last sign-in answered.
    """

    def __init__(self, service: Service, caller: str, password_hash: str) -> None:
        self.service = service
        self.tokens: dict[str, Any] = {}
        self._caller = _ADMIN if caller == "admin" else _OWNER
        self._hash = password_hash
        self._client = service.client()
        self._set_for: str | None = None

    def set_for(self, operation_id: str) -> None:
        """Have everything in its place, and the caller signed in."""
        if self._set_for == operation_id:
            return
        # create_user is to make the account that the other examples are about.
        with_owner = operation_id != "create_user" or self._caller is _OWNER
        present = [_STANDBY, _ADMIN, *([_OWNER] if with_owner else [])]
        ids, emails, roles = (list(column) for column in zip(*present, strict=True))
        people = {"ids": ids, "emails": emails, "roles": roles}
        run(_PUT_BACK, {**people, "password_hash": self._hash, "version": EXAMPLE_VERSION})
        credentials = {"email": self._caller[1], "password": PASSWORD}
        self.tokens = data(self._client.post("/v1/auth/login", json=credentials))
        self._set_for = operation_id

    def moved(self) -> None:
        """Note that something may not be where it was."""
        self._set_for = None

    def close(self) -> None:
        """Hang up."""
        self._client.close()
