"""Roles: what they hold, and law 11, that nobody gives, takes or touches what they do not hold."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from app.context.dependencies import Dependencies
from app.database import run
from app.errors import Forbidden, NotFound, ValidationError, Violation
from app.security.principal import Actor
from app.services.user_list import MAX_COUNTED

ADMIN = "admin"
USER = "user"
GUEST = "guest"
BUILT_IN = frozenset({ADMIN, USER, GUEST})

# What being signed in means: every role holds it and cannot lose it; the session statement says the same.
EVERYBODY = frozenset({"account:read", "account:update", "sessions:end"})

_COLUMNS = """r.id, r.name, r.description, r.built_in, r.version, r.created_at, r.updated_at, r.holds_all,
    ARRAY(SELECT permission FROM role_permissions WHERE role_id = r.id)"""

_BY_NAME = f"SELECT {_COLUMNS} FROM roles r WHERE r.name = ANY(%(names)s)"  # noqa: S608 (constants)

# The account's own role is found by its key: its name may have changed since the account was read.
_TOUCHED = f"""
SELECT {_COLUMNS} FROM roles r
WHERE r.name = ANY(%(names)s) OR r.id = (SELECT role_id FROM users WHERE id = %(user_id)s)
"""  # noqa: S608

# Collation C: the order is the same on every server.
_PAGE = f"""
SELECT {_COLUMNS} FROM roles r ORDER BY r.name COLLATE "C" OFFSET %(offset)s LIMIT %(limit)s
"""  # noqa: S608

_COUNT = "SELECT count(*) FROM (SELECT FROM roles LIMIT %(most)s) counted"

_KEEP = "SELECT id FROM roles WHERE name = ANY(%(names)s) FOR KEY SHARE"


class Role(NamedTuple):
    """A role with the permissions of the catalogue that it holds."""

    id: UUID
    name: str
    description: str
    built_in: bool
    version: int
    created_at: datetime
    updated_at: datetime
    permissions: frozenset[str]


def by_name(*names: str, dependencies: Dependencies) -> dict[str, Role]:
    """Return the roles that exist among the names."""
    return _by_name(run(_BY_NAME, {"names": list(names)}), dependencies)


def find(name: str, *, dependencies: Dependencies) -> Role:
    """Return the role.

    Raises:
        NotFound: there is none of this name.
    """
    found = by_name(name, dependencies=dependencies).get(name)
    if found is None:
        raise NotFound
    return found


def etag(role: Role) -> str:
    """Return what the role's ETag says: its version, and a digest of what it holds.

    What a role holds is more than its rows: the catalogue of a release, for `admin`, and for all what that release
    still knows. So two releases that show different permissions show different tags.
    """
    held = hashlib.sha256(" ".join(sorted(role.permissions)).encode()).hexdigest()
    return f"{role.version}-{held[:12]}"


def listing(*, offset: int, limit: int, dependencies: Dependencies) -> tuple[list[Role], int, bool]:
    """Return a page of roles in the order of their names.

    Returns:
        (roles, total, whether the total is exact): counted up to 10 000, and 10 000 when there are more.
    """
    counted = run(_COUNT, {"most": MAX_COUNTED + 1})[0][0]
    found = _by_name(run(_PAGE, {"offset": offset, "limit": limit}), dependencies)
    return list(found.values()), min(counted, MAX_COUNTED), counted <= MAX_COUNTED


def permissions_of(holds_all: bool, held: Iterable[str], catalogue: Mapping[str, str]) -> frozenset[str]:
    """Return what a role holds: everything, or EVERYBODY's and its rows, less what the document no longer knows."""
    return frozenset(catalogue) if holds_all else (EVERYBODY | frozenset(held)) & catalogue.keys()


def lock_admin() -> None:
    """Lock the row that stands for "there is an admin", first thing in a transaction (law 7)."""
    run("SELECT id FROM roles WHERE name = 'admin' FOR UPDATE")


def guard(actor: Actor, *names: str, user_id: UUID | None = None, dependencies: Dependencies) -> None:
    """Let go on only an actor who holds all that the roles hold (law 11).

    Call it inside the transaction that touches the account, after locking the account's row.

    Args:
        names: roles about to be given; until the transaction ends they are neither deleted nor renamed.
        user_id: the account that is touched, for the role it has.

    Raises:
        ValidationError: with field `role`, for a name that no role has.
        Forbidden: a role holds what the actor does not.
    """
    # A statement of its own: the next one sees what was committed while this one waited.
    if not BUILT_IN.issuperset(names):
        run(_KEEP, {"names": list(names)})
    found = _by_name(run(_TOUCHED, {"names": list(names), "user_id": user_id}), dependencies)
    if not found.keys() >= set(names):
        raise ValidationError(details=[Violation("There is no such role.", "role")])
    must_hold(actor, *(role.permissions for role in found.values()))


def must_hold(actor: Actor, *permissions: frozenset[str]) -> None:
    """Let go on only an actor who holds all of them (law 11).

    Raises:
        Forbidden: one of them they do not hold.
    """
    if not all(held <= actor.permissions for held in permissions):
        raise Forbidden(reason="beyond_actor")


def _by_name(rows: list[tuple[Any, ...]], dependencies: Dependencies) -> dict[str, Role]:
    found = {}
    for *columns, holds_all, held in rows:
        role = Role._make([*columns, permissions_of(holds_all, held, dependencies.catalogue)])
        found[role.name] = role
    return found
