"""Users: made, changed, given a role or a password, suspended, restored, deleted, always leaving an active admin."""

from collections.abc import Mapping
from uuid import UUID

from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import run, transaction
from app.entity_tags import Versions
from app.errors import EmailTaken, LastAdmin, ValidationError, Violation
from app.security.principal import Actor
from app.services import accounts, addresses, attempts, registration, roles, sessions
from models.account import Account

_OTHER_ADMIN = """
SELECT EXISTS (SELECT FROM users u JOIN roles r ON r.id = u.role_id
               WHERE r.name = 'admin' AND u.status = 'active' AND u.id <> %(id)s)
"""

_ANY_ADMIN = "SELECT EXISTS (SELECT FROM users u JOIN roles r ON r.id = u.role_id WHERE r.name = 'admin')"

_SET_HASH = """
UPDATE users SET password_hash = %(password_hash)s, version = version + 1, updated_at = %(now)s WHERE id = %(id)s
"""


def register(
    *,
    email: str,
    password: str,
    display_name: str | None,
    invitation_code: str | None = None,
    dependencies: Dependencies,
    event: Event,
) -> None:
    """Make an account for oneself: a guest, with an address not yet verified.

    A known address changes nothing, and neither the time taken nor the outcome tells.

    Args:
        invitation_code: only looked at where the settings ask for one.

    Raises:
        Forbidden: registration is closed, or the invitation code is not right.
        ValidationError: the address, its domain or the password is not acceptable.
    """
    address = addresses.accept(email)
    registration.admit(address, invitation_code, dependencies=dependencies)
    dependencies.passwords.check(password, own_words=addresses.own_words(address, display_name))
    password_hash = dependencies.passwords.hash(password)
    with transaction():
        made = accounts.insert(
            email=address,
            password_hash=password_hash,
            role=roles.GUEST,
            verified=False,
            profile={"display_name": display_name},
            now=dependencies.clock(),
        )
    event.details = {"user_id": str(made)} if made else {"address": "known"}


def create(
    *,
    email: str,
    password: str,
    role: str | None,
    email_verified: bool,
    profile: Mapping[str, str | None],
    actor: Actor,
    dependencies: Dependencies,
    event: Event,
) -> Account:
    """Make an account for somebody else.

    Args:
        role: name; None: guest. A guest whose address is verified is a user.
        profile: the fields that have a value.

    Raises:
        ValidationError: the address, the password or the role is not acceptable.
        Forbidden: the role holds what the actor does not (law 11).
        EmailTaken: another account has the address.
    """
    address = addresses.accept(email)
    dependencies.passwords.check(password, own_words=addresses.own_words(address, profile.get("display_name")))
    name = _promoted(role or roles.GUEST, email_verified)
    password_hash = dependencies.passwords.hash(password)
    with transaction():
        roles.require_actor_holds(Context(dependencies, actor), name)
        user_id = accounts.insert(
            email=address,
            password_hash=password_hash,
            role=name,
            verified=email_verified,
            profile=profile,
            now=dependencies.clock(),
        )
        if user_id is None:
            raise EmailTaken
        event.details = {"user_id": str(user_id), "role": name}
        return accounts.find(user_id)


def update(
    *,
    user_id: UUID,
    email: str | None,
    email_verified: bool | None,
    expected_version: Versions,
    actor: Actor,
    dependencies: Dependencies,
    event: Event,
) -> Account:
    """Change address and verification; None leaves as it is.

    Another address is not verified, unless said so with it. A verified guest becomes a user; no other role changes.

    Raises:
        NotFound: there is no such account.
        ValidationError: the address is not acceptable.
        Forbidden: the account holds, or would, what the actor does not (law 11).
        EmailTaken: another account has the address.
        PreconditionFailed: the version is none of those expected.
    """
    now = dependencies.clock()
    address = None if email is None else addresses.accept(email)
    with transaction():
        before = accounts.lock(user_id)
        moved = address is not None and address != before.email
        verified_at = None if moved or email_verified is False else before.verified_at
        if email_verified:
            verified_at = verified_at or now
        after = before._replace(
            email=address or before.email,
            verified_at=verified_at,
            role=_promoted(before.role, bool(email_verified)),
        )
        given = [after.role] if after.role != before.role else []
        roles.require_actor_holds(Context(dependencies, actor), *given, user_id=user_id)
        saved = accounts.save(before, after, expected_version=expected_version, now=now)
        event.details = {"changed": _changes(before, after)}
        return saved


def set_role(
    *, user_id: UUID, role: str, expected_version: Versions, actor: Actor, dependencies: Dependencies, event: Event
) -> Account:
    """Give an account a role; it counts from the account's next request on (law 5).

    Raises:
        NotFound: there is no such account.
        ValidationError: there is no such role.
        Forbidden: the old or the new role holds what the actor does not (law 11).
        LastAdmin: no active admin would be left.
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        before = _lock(user_id)
        # Before anything refuses it: an attempt at a role is worth knowing of, too.
        event.details = {"from": before.role, "to": role}
        roles.require_actor_holds(Context(dependencies, actor), role, user_id=user_id)
        if role != roles.ADMIN:
            _keep_an_admin(before)
        after = before._replace(role=role)
        return accounts.save(before, after, expected_version=expected_version, now=dependencies.clock())


def suspend(*, user_id: UUID, expected_version: Versions, actor: Actor, dependencies: Dependencies) -> Account:
    """Suspend an account and end all its sessions.

    Raises:
        NotFound: there is no such account.
        Forbidden: the account holds what the actor does not (law 11).
        LastAdmin: no active admin would be left.
        PreconditionFailed: the version is none of those expected.
    """
    now = dependencies.clock()
    with transaction():
        before = _lock(user_id)
        roles.require_actor_holds(Context(dependencies, actor), user_id=user_id)
        _keep_an_admin(before)
        after = before._replace(status="suspended")
        saved = accounts.save(before, after, expected_version=expected_version, now=now)
        sessions.end(user_id=user_id, scope="all", reason="suspended", now=dependencies.moment)
    return saved


def restore(*, user_id: UUID, expected_version: Versions, actor: Actor, dependencies: Dependencies) -> Account:
    """Let a suspended account sign in again; no session comes back.

    Raises:
        NotFound: there is no such account.
        Forbidden: the account holds what the actor does not (law 11).
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        before = _lock(user_id)
        roles.require_actor_holds(Context(dependencies, actor), user_id=user_id)
        after = before._replace(status="active")
        return accounts.save(before, after, expected_version=expected_version, now=dependencies.clock())


def delete(*, user_id: UUID, expected_version: Versions = None, actor: Actor, dependencies: Dependencies) -> None:
    """Delete an account with its profile and its sessions; the audit trail keeps its id.

    Raises:
        NotFound: there is no such account.
        Forbidden: the account holds what the actor does not (law 11).
        LastAdmin, PreconditionFailed: no active admin would be left; the version is none of those expected.
    """
    with transaction():
        before = _lock(user_id)
        roles.require_actor_holds(Context(dependencies, actor), user_id=user_id)
        _keep_an_admin(before)
        accounts.require(before, expected_version)
        run("DELETE FROM users WHERE id = %(id)s", {"id": user_id})


def reset_password(*, user_id: UUID, password: str, actor: Actor, dependencies: Dependencies) -> Account:
    """Give an account another password, end all its sessions and forget its failed sign-ins; the rest stays.

    Returns:
        The account as it is now: one that was suspended still is.

    Raises:
        NotFound: there is no such account.
        ValidationError: the password is not acceptable.
        Forbidden: the account holds what the actor does not (law 11).
    """
    if "\0" in password:
        raise ValidationError(details=[Violation("holds a NUL character, which no sign-in can send", "password")])
    account = accounts.find(user_id)
    dependencies.passwords.check(password, own_words=addresses.own_words(account.email, account.display_name))
    password_hash = dependencies.passwords.hash(password)
    now = dependencies.clock()
    with transaction():
        before = accounts.lock(user_id)
        roles.require_actor_holds(Context(dependencies, actor), user_id=user_id)
        run(_SET_HASH, {"id": user_id, "password_hash": password_hash, "now": now})
        sessions.end(user_id=user_id, scope="all", reason="password_reset", now=dependencies.moment)
        attempts.clear(email=before.email, user_id=user_id, dependencies=dependencies)
        return accounts.find(user_id)


def any_admin() -> bool:
    """Tell whether there is an admin, even a suspended one."""
    return bool(run(_ANY_ADMIN)[0][0])


def create_first_admin(*, email: str, password: str, dependencies: Dependencies) -> Account | None:
    """Make the first admin, verified; replicas may race for it.

    Returns:
        The account; None when there is an admin, even a suspended one.

    Raises:
        ValidationError: the address or the password is not acceptable.
        EmailTaken: the address belongs to an account that is no admin.
    """
    if any_admin():
        return None
    address = addresses.accept(email)
    dependencies.passwords.check(password, own_words=addresses.own_words(address))
    password_hash = dependencies.passwords.hash(password)
    with transaction():
        roles.lock_admin_role()
        if any_admin():
            return None
        user_id = accounts.insert(
            email=address,
            password_hash=password_hash,
            role=roles.ADMIN,
            verified=True,
            profile={},
            now=dependencies.clock(),
        )
        if user_id is None:
            raise EmailTaken
        return accounts.find(user_id)


def _promoted(role: str, verified: bool) -> str:
    return roles.USER if role == roles.GUEST and verified else role


def _changes(before: Account, after: Account) -> list[str]:
    """Return the names of what changed; the audit trail keeps no address."""
    changed = {
        "email": after.email != before.email,
        "email_verified": (after.verified_at is None) != (before.verified_at is None),
        "role": after.role != before.role,
    }
    return [name for name, differs in changed.items() if differs]


def _lock(user_id: UUID) -> Account:
    # The admin role's row comes first, so that whoever might remove an admin waits for whoever is about to (law 7).
    roles.lock_admin_role()
    return accounts.lock(user_id)


def _keep_an_admin(account: Account) -> None:
    if account.role == roles.ADMIN and not run(_OTHER_ADMIN, {"id": account.id})[0][0]:
        raise LastAdmin
