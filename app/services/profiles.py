"""Profiles: what people say about themselves, changed by the owner or by somebody with the permission."""

from uuid import UUID

from app.services import rights, user_rows
from charter import Context, transaction
from models import User


def update_own(context: Context, **fields: str | None) -> User:
    """Change fields of the actor's own profile; the version of the user rises.

    Args:
        fields: the new values, None to clear one; fields left out stay.

    Returns:
        The user as it is now.

    Raises:
        NotFound: the account has been deleted meanwhile.
        PreconditionFailed: the version of the user is none of those expected.
    """
    with transaction():
        user = user_rows.lock(context.principal.user_id)
        user_rows.require_version(context, user)
        return user_rows.save_profile(user, fields, now=context.dependencies.clock())


def replace(context: Context, user_id: UUID, **fields: str | None) -> User:
    """Replace the profile of an account; the version of the user rises.

    Args:
        fields: the new values, None to clear one; fields left out stay.

    Returns:
        The user as it is now.

    Raises:
        NotFound: no account has this id.
        Forbidden: the account is another's and has permissions that the actor lacks (law 11).
        PreconditionFailed: the version of the profile is none of those expected.
    """
    with transaction():
        user = user_rows.lock(user_id)
        if user_id != context.principal.user_id:
            rights.require_actor_holds(context, user_id=user_id)
        user_rows.require_profile_version(context, user)
        return user_rows.save_profile(user, fields, now=context.dependencies.clock())
