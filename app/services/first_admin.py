"""The first admin: created by the command where there is none; several servers may try it at once."""

from app.errors import EmailTaken
from app.services import account_addresses, rights, user_rows
from charter import Context, fetch_one, transaction
from models import Role, User


def any_admin_exists() -> bool:
    """Tell whether there is an admin, even a suspended one."""
    admins = User.select(User.id).join(Role).where(Role.name == rights.ADMIN)
    return fetch_one(admins.limit(1)) is not None


def create(context: Context, *, email: str, password: str) -> User | None:
    """Create the first admin, with a verified address.

    Returns:
        The account; None when there is an admin, even a suspended one.

    Raises:
        ValidationError: the address or the password is not acceptable.
        EmailTaken: the address belongs to an account that is no admin.
    """
    if any_admin_exists():
        return None
    address, dependencies = account_addresses.accept(email), context.dependencies
    dependencies.passwords.check(password, own_words=account_addresses.own_words(address))
    password_hash = dependencies.passwords.hash(password)
    with transaction():
        rights.lock_admin_role()
        if any_admin_exists():
            return None
        user_id = user_rows.insert(
            email=address,
            password_hash=password_hash,
            role=rights.ADMIN,
            verified=True,
            profile={},
            now=dependencies.clock(),
        )
        if user_id is None:
            raise EmailTaken
        user = user_rows.get(user_id)
        dependencies.hooks.call("user.created", context, lambda: user)
        dependencies.hooks.call("user.verified", context, lambda: user)
        return user
