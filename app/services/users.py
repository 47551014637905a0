"""Users as admins manage them: created, changed, given a role or a password, suspended, restored, deleted.

An active admin always remains. People create their own accounts in `registration`.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from app.errors import EmailTaken, LastAdmin, ValidationError, Violation
from app.services import account_addresses, referring_rows, rights, sessions, sign_in_attempts, user_rows
from charter import Context, execute, fetch_one, transaction
from models import Role, User


def create(
    context: Context,
    *,
    email: str,
    password: str,
    role: str | None = None,
    email_verified: bool = False,
    profile: Mapping[str, str | None] | None = None,
) -> User:
    """Create an account for somebody else.

    Args:
        role: name; None: guest. A guest whose address is verified is a user.
        profile: the fields that have a value.

    Raises:
        ValidationError: the address, the password or the role is not acceptable.
        Forbidden: the role has permissions that the actor lacks (law 11).
        EmailTaken: another account has the address.
    """
    dependencies, values = context.dependencies, profile or {}
    address = account_addresses.accept(email)
    dependencies.passwords.check(password, own_words=account_addresses.own_words(address, values.get("display_name")))
    role_name = _role_once_verified(role or rights.GUEST, email_verified)
    password_hash = dependencies.passwords.hash(password)
    with transaction():
        rights.require_actor_holds(context, role_name)
        user_id = user_rows.insert(
            email=address,
            password_hash=password_hash,
            role=role_name,
            verified=email_verified,
            profile=values,
            now=dependencies.clock(),
        )
        if user_id is None:
            raise EmailTaken
        context.event.details = {"user_id": str(user_id), "role": role_name}
        user = user_rows.get(user_id)
        dependencies.hooks.call("user.created", context, lambda: user)
        if user.verified_at:
            dependencies.hooks.call("user.verified", context, lambda: user)
        return user


def update(context: Context, user_id: UUID, *, email: str | None = None, email_verified: bool | None = None) -> User:
    """Change the address, and whether it is verified; None leaves a value as it is.

    A new address is not verified unless the same call says so. A verified guest becomes a user; no other role changes.

    Raises:
        NotFound: no account has this id.
        ValidationError: the address is not acceptable.
        Forbidden: the account has, or would have, permissions that the actor lacks (law 11).
        EmailTaken: another account has the address.
        PreconditionFailed: the version is none of those expected.
    """
    now = context.dependencies.clock()
    address = None if email is None else account_addresses.accept(email)
    with transaction():
        user = user_rows.lock(user_id)
        moved = address is not None and address != user.email
        verified_at = None if moved or email_verified is False else user.verified_at
        if email_verified:
            verified_at = verified_at or now
        role_name = _role_once_verified(user.role.name, bool(email_verified))
        new_roles = [role_name] if role_name != user.role.name else []
        rights.require_actor_holds(context, *new_roles, user_id=user_id)
        user_rows.require_version(context, user)
        changes = {"email": address or user.email, "verified_at": verified_at, "role": role_name}
        details = {"changed": changed_properties(user, changes)}
        newly_verified = verified_at is not None and user.verified_at is None
        user_rows.save(user, changes, now=now)
        if newly_verified:
            context.dependencies.hooks.call("user.verified", context, lambda: user)
        context.event.details = details
        return user


def set_role(context: Context, user_id: UUID, role: str) -> User:
    """Give an account a role; it applies from the account's next request on (law 5).

    Raises:
        NotFound: no account has this id.
        ValidationError: no role has this name.
        Forbidden: the old or the new role has permissions that the actor lacks (law 11).
        LastAdmin: no active admin would remain.
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        user = _lock(user_id)
        # Set before any check, so that the audit trail names the role that was requested, even if the check fails.
        context.event.details = {"from": user.role.name, "to": role}
        rights.require_actor_holds(context, role, user_id=user_id)
        if role != rights.ADMIN:
            _require_another_admin(user)
        user_rows.require_version(context, user)
        return user_rows.save(user, {"role": role}, now=context.dependencies.clock())


def suspend(context: Context, user_id: UUID, *, reason: str | None = None) -> User:
    """Suspend an account and end all its sessions.

    Args:
        reason: a note for the audit trail.

    Raises:
        NotFound: no account has this id.
        Forbidden: the account has permissions that the actor lacks (law 11).
        LastAdmin: no active admin would remain.
        PreconditionFailed: the version is none of those expected.
    """
    context.event.details = {"reason": reason} if reason else None
    now = context.dependencies.clock()
    with transaction():
        user = _lock(user_id)
        rights.require_actor_holds(context, user_id=user_id)
        _require_another_admin(user)
        user_rows.require_version(context, user)
        newly_suspended = user.status != "suspended"
        user_rows.save(user, {"status": "suspended"}, now=now)
        sessions.end(context, user_id, reason="suspended")
        if newly_suspended:
            context.dependencies.hooks.call("user.suspended", context, lambda: user)
        return user


def restore(context: Context, user_id: UUID) -> User:
    """Let a suspended account sign in again; its ended sessions stay ended.

    Raises:
        NotFound: no account has this id.
        Forbidden: the account has permissions that the actor lacks (law 11).
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        user = _lock(user_id)
        rights.require_actor_holds(context, user_id=user_id)
        user_rows.require_version(context, user)
        newly_restored = user.status != "active"
        user_rows.save(user, {"status": "active"}, now=context.dependencies.clock())
        if newly_restored:
            context.dependencies.hooks.call("user.restored", context, lambda: user)
        return user


def delete(context: Context, user_id: UUID) -> None:
    """Delete an account with its profile and its sessions; the audit trail keeps its id.

    Raises:
        NotFound: no account has this id.
        Forbidden: the account has permissions that the actor lacks (law 11).
        LastAdmin: no active admin would remain.
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        user = _lock(user_id)
        rights.require_actor_holds(context, user_id=user_id)
        _require_another_admin(user)
        user_rows.require_version(context, user)
        context.dependencies.hooks.call("user.deleted", context, lambda: user)
        referring_rows.note_deletion(context, user_id)
        execute(User.delete().where(User.id == user_id))


def reset_password(context: Context, user_id: UUID, password: str) -> User:
    """Give an account a new password, end all its sessions and forget its failed sign-ins.

    Returns:
        The account as it is now; a suspended one stays suspended.

    Raises:
        NotFound: no account has this id.
        ValidationError: the password is not acceptable.
        Forbidden: the account has permissions that the actor lacks (law 11).
    """
    if "\0" in password:
        message = "Has a NUL character, which no sign-in can send. Remove it."
        raise ValidationError(details=[Violation(message, "password")])
    dependencies, user = context.dependencies, user_rows.get(user_id)
    dependencies.passwords.check(password, own_words=account_addresses.own_words(user.email, user.profile.display_name))
    password_hash = dependencies.passwords.hash(password)
    now = dependencies.clock()
    with transaction():
        user = user_rows.lock(user_id)
        rights.require_actor_holds(context, user_id=user_id)
        values = {"password_hash": password_hash, "version": User.version + 1, "updated_at": now}
        execute(User.update(values).where(User.id == user_id))
        sessions.end(context, user_id, reason="password_reset")
        sign_in_attempts.clear(context, user)
        return user_rows.get(user_id)


def _role_once_verified(role: str, verified: bool) -> str:
    return rights.USER if role == rights.GUEST and verified else role


def changed_properties(user: User, changes: Mapping[str, Any]) -> list[str]:
    """Return the names of the properties that change; the audit trail records no address."""
    differences = {
        "email": changes["email"] != user.email,
        "email_verified": (changes["verified_at"] is None) != (user.verified_at is None),
        "role": changes["role"] != user.role.name,
    }
    return [name for name, differs in differences.items() if differs]


def _lock(user_id: UUID) -> User:
    # The admin role's row comes first: of two requests that each might remove an admin, one waits (law 7).
    rights.lock_admin_role()
    return user_rows.lock(user_id)


def _require_another_admin(user: User) -> None:
    """Raise LastAdmin if the user is an admin and no other admin is active."""
    others = User.select(User.id).join(Role).where(Role.name == rights.ADMIN, User.status == "active")
    if user.role.name == rights.ADMIN and not fetch_one(others.where(User.id != user.id).limit(1)):
        raise LastAdmin
