"""Roles: what they hold, and law 11, that nobody gives, takes or touches what he does not hold."""

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

from app.database import run
from app.errors import Forbidden, ValidationFailed, Violation
from app.security.principal import Actor
from app.services.tools import Tools

ADMIN = "admin"
USER = "user"
GUEST = "guest"

# What being signed in means: every role holds it and cannot lose it; the session statement says the same.
EVERYBODY = frozenset({"account:read", "account:update", "sessions:end"})

_BY_NAME = """
SELECT r.id, r.name, r.holds_all, array_remove(array_agg(p.permission), NULL)
FROM roles r LEFT JOIN role_permissions p ON p.role_id = r.id
WHERE r.name = ANY(%(names)s)
GROUP BY r.id
"""


class Role(NamedTuple):
    """A role with the permissions of the catalogue that it holds."""

    id: UUID
    name: str
    permissions: frozenset[str]


def by_name(*names: str, tools: Tools) -> dict[str, Role]:
    """Return the roles that exist among the names."""
    return {
        name: Role(role_id, name, permissions_of(holds_all, held, tools.catalogue))
        for role_id, name, holds_all, held in run(_BY_NAME, {"names": list(names)})
    }


def permissions_of(holds_all: bool, held: list[str], catalogue: Mapping[str, str]) -> frozenset[str]:
    """Return what a role holds: everything, or EVERYBODY's and its rows, less what the document no longer knows."""
    return frozenset(catalogue) if holds_all else (EVERYBODY | frozenset(held)) & catalogue.keys()


def lock_admin() -> None:
    """Lock the row that stands for "there is an admin", first thing in a transaction (law 7)."""
    run("SELECT id FROM roles WHERE name = 'admin' FOR UPDATE")


def guard(actor: Actor, *names: str, tools: Tools) -> dict[str, Role]:
    """Return the named roles, all of whose permissions the actor holds (law 11).

    Call it inside the transaction that touches the account, after locking the account's row.

    Raises:
        ValidationFailed: with field `role`, for a name that no role has.
        Forbidden: a role holds what the actor does not.
    """
    roles = by_name(*names, tools=tools)
    if not roles.keys() >= set(names):
        raise ValidationFailed(details=[Violation("There is no such role.", "role")])
    if any(not role.permissions <= actor.permissions for role in roles.values()):
        raise Forbidden(reason="beyond_actor")
    return roles
