"""Profiles: what people say about themselves, changed by the owner or by whoever may."""

from collections.abc import Callable, Mapping
from uuid import UUID

from app.context.context import Context
from app.context.dependencies import Dependencies
from app.database import transaction
from app.entity_tags import Versions
from app.security.principal import Principal
from app.services import accounts, roles
from models.account import Account


def change(
    *,
    user_id: UUID,
    fields: Mapping[str, str | None],
    expected_version: Versions,
    actor: Principal,
    dependencies: Dependencies,
    require: Callable[[Account, Versions], None] = accounts.require,
) -> Account:
    """Set profile fields; the version of the account rises with them.

    Args:
        fields: those to change, None to clear one; those left out stay.
        require: compares the versions with the ETag of what the caller was shown, the account or its profile.

    Returns:
        The account as it is now.

    Raises:
        NotFound: there is no such account.
        Forbidden: the account holds what the actor does not (law 11).
        PreconditionFailed: the version is none of those expected.
    """
    with transaction():
        account = accounts.lock(user_id)
        if account.id != actor.user_id:
            roles.require_actor_holds(Context(dependencies, actor), user_id=user_id)
        require(account, expected_version)
        return accounts.save_profile(account, fields, now=dependencies.clock())
