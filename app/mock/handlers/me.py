"""me: the account that the caller is signed in with."""

from typing import Any

from app.errors import ValidationError, Violation
from app.mock import accounts, sessions, sign_in_attempts
from app.mock.dependencies import dependencies_of
from app.services import account_addresses, user_rows
from charter import Context, Result
from handlers.me import get_me
from handlers.presenters import present_user

__all__ = ["change_password", "get_me", "update_me"]

Body = dict[str, Any]


def update_me(context: Context, body: Body) -> Result:
    """Change one's profile."""
    dependencies = dependencies_of(context)
    account = accounts.get(dependencies.state, context.principal.user_id)
    user_rows.require_version(context, account.user)
    user = accounts.save(dependencies.state, account, body, now=dependencies.clock()).user
    return Result(present_user(user), version=user_rows.etag(user))


def change_password(context: Context, body: Body) -> None:
    """Change one's password."""
    dependencies, principal = dependencies_of(context), context.principal
    state, passwords, now = dependencies.state, dependencies.passwords, dependencies.clock()
    account = accounts.get(state, principal.user_id)
    own_words = account_addresses.own_words(account.email, account.display_name)
    passwords.check(body["new_password"], own_words=own_words, field="new_password")
    attempt = sign_in_attempts.count(context, email=account.email, account=account)
    if not passwords.verify(body["current_password"], account.password_hash):
        violation = Violation("This is not the current password.", "current_password")
        raise ValidationError(details=[violation], reason="wrong_password")
    sign_in_attempts.give_back(state, attempt)
    if passwords.verify(body["new_password"], account.password_hash):
        raise ValidationError(details=[Violation("Must differ from the current password.", "new_password")])
    accounts.save(state, account, {"password_hash": passwords.hash(body["new_password"])}, now=now)
    sessions.end(state, account.id, now=now, scope="others", session_id=principal.session_id)
