"""The world that the document's examples speak of, put back whenever a request may have moved it.

What the document names by an example id is there under it: the account, with the example's address, password and
version; a session of that account; a role that is not built in; a setting. So most examples succeed. What comes later
joins by a statement in `_PUT_BACK` and an example in the document.
"""

from typing import Any
from uuid import UUID

from app.database import run
from app.identifiers import new_id
from app.pipeline.contract import OPENAPI
from app.spec.document import load

BUNDLE: dict[str, Any] = load(OPENAPI / "openapi.yaml").bundle
EXAMPLE_ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
EXAMPLE_EMAIL = "ada@example.com"
# The one that the examples of If-Match and If-None-Match name.
EXAMPLE_VERSION = 7

# (id, address, role) by the name in people.yaml. The standby never signs in, so that an admin is left whatever becomes
# of the one who acts.
_PEOPLE = {
    "standby": ("019c13ec-9e00-7000-8000-000000000001", "standby@example.com", "admin"),
    "admin": ("019c13ec-9e00-7000-8000-000000000002", "grace@example.com", "admin"),
    "guest": ("019c13ec-9e00-7000-8000-000000000003", "gus@example.com", "guest"),
    "user": (EXAMPLE_ID, EXAMPLE_EMAIL, "user"),
}
_FIRST_IDS = {name: UUID(id_) for name, (id_, _, _) in _PEOPLE.items()}
ADDRESSES = {name: email for name, (_, email, _) in _PEOPLE.items()}
# Operations that are to make what the examples of the others are about.
_MAKES = {"create_user": "user", "create_role": "role"}

_REMOVE = """
DELETE FROM users WHERE (id, email) NOT IN (SELECT * FROM unnest(%(ids)s::uuid[], %(emails)s));
"""

_PLACE = """
DELETE FROM sign_in_attempts;
DELETE FROM settings WHERE key ~ '^(registration|sign_in)[.]';
INSERT INTO users (id, email, password_hash, role_id, verified_at, version)
SELECT person.id, person.email, %(password_hash)s, roles.id, CASE WHEN roles.name <> 'guest' THEN now() END, %(version)s
FROM unnest(%(ids)s::uuid[], %(emails)s, %(roles)s) AS person (id, email, role)
JOIN roles ON roles.name = person.role
ON CONFLICT (id) DO UPDATE SET email = excluded.email, password_hash = excluded.password_hash, status = 'active',
    role_id = excluded.role_id, verified_at = excluded.verified_at, version = excluded.version
WHERE %(all)s OR (users.email, users.password_hash, users.status, users.role_id, users.verified_at IS NULL) <>
    (excluded.email, excluded.password_hash, 'active', excluded.role_id, excluded.verified_at IS NULL);
INSERT INTO user_profiles (id, user_id, display_name)
SELECT id, id, 'Ada Lovelace' FROM users WHERE id = ANY(%(ids)s::uuid[])
ON CONFLICT (user_id) DO UPDATE SET display_name = excluded.display_name, avatar_url = NULL, bio = NULL WHERE %(all)s;
"""

_PUT_BACK = """
DELETE FROM settings;
INSERT INTO settings (id, key, value, version)
SELECT gen_random_uuid(), key, '"Set for the examples."', %(version)s FROM unnest(%(keys)s::text[]) AS key;
DELETE FROM roles WHERE NOT built_in;
INSERT INTO roles (id, name, description, version)
SELECT gen_random_uuid(), name, 'Made for the examples.', %(version)s FROM unnest(%(made_roles)s::text[]) AS name
ON CONFLICT (name) DO NOTHING;
INSERT INTO sessions (id, user_id, generation, key_id, idle_expires_at, expires_at, address, network)
SELECT id, %(owner)s, 1, 'k1', now() + interval '1 day', now() + interval '1 day', '127.0.0.1', '127.0.0.1/32'
FROM unnest(%(sessions)s::uuid[]) AS id WHERE EXISTS (SELECT FROM users WHERE users.id = %(owner)s)
ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id, ended_at = NULL, end_reason = NULL,
    idle_expires_at = excluded.idle_expires_at, expires_at = excluded.expires_at;
"""

# Roles hold nobody's rights but those that every role holds, so that anybody may be given one that exists.
_EVERYBODYS = """
INSERT INTO role_permissions (id, role_id, permission)
SELECT gen_random_uuid(), roles.id, permission
FROM roles, unnest(ARRAY['account:read', 'account:update', 'sessions:end']) AS permission WHERE NOT built_in
ON CONFLICT DO NOTHING;
"""


def example_of(parameter: str) -> str | None:
    """Return the example of a path parameter, None while the document has no such parameter."""
    for part in BUNDLE["components"]["parameters"].values():
        if part["name"] == parameter and part["in"] == "path":
            return str(part["example"])
    return None


class Stage:
    """Puts accounts, roles and sessions in their place, in the bound database.

    Args:
        caller: who acts, by their name in people.yaml; the user for anybody else.
    """

    def __init__(self, caller: str, password_hash: str) -> None:
        self._caller = caller if caller in _PEOPLE else "user"
        self._hash = password_hash
        self._ids: dict[str, UUID] = {}
        self._set_for: str | None = None

    @property
    def email(self) -> str:
        """The address of who acts."""
        return ADDRESSES[self._caller]

    def set_for(self, operation_id: str) -> bool:
        """Have everything in its place, and nothing besides; return whether anything had to be put back."""
        if self._set_for == operation_id:
            return False
        missing = _MAKES.get(operation_id)
        self._ids = dict(_FIRST_IDS)
        if missing in self._ids and missing != self._caller:
            del self._ids[missing]
        made_roles = [name for name in [example_of("role_name")] if name and missing != "role"]
        sessions = [id_ for id_ in [example_of("session_id")] if id_]
        things = {"made_roles": made_roles, "sessions": sessions, "keys": [example_of("key")], "owner": EXAMPLE_ID}
        values = {**self._people(everything=True), **things}
        run(_REMOVE + _PLACE + _PUT_BACK + _EVERYBODYS, values)
        self._set_for = operation_id
        return True

    def moved(self) -> None:
        """Note that something may not be where it was."""
        self._set_for = None

    def keep(self) -> None:
        """Have everybody who acts there, able to sign in and with their rights; all else stays as the requests made it.

        Somebody deleted comes back under another id: what was deleted stays gone.
        """
        self._ids = {**_FIRST_IDS, **self._ids}
        values = self._people(everything=False)
        run("DELETE FROM users WHERE email = ANY(%(emails)s) AND id <> ALL(%(ids)s::uuid[])", values)
        here = {id_ for (id_,) in run("SELECT id FROM users WHERE id = ANY(%(ids)s::uuid[])", values)}
        self._ids = {name: id_ if id_ in here else new_id() for name, id_ in self._ids.items()}
        run(_PLACE, self._people(everything=False))
        self._set_for = None

    def _people(self, *, everything: bool) -> dict[str, Any]:
        return {
            "ids": [str(id_) for id_ in self._ids.values()],
            "emails": [_PEOPLE[name][1] for name in self._ids],
            "roles": [_PEOPLE[name][2] for name in self._ids],
            "password_hash": self._hash,
            "version": EXAMPLE_VERSION,
            "all": everything,
        }
