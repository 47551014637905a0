"""profiles: what people say about themselves."""

from typing import Any
from uuid import UUID

from app.mock import accounts
from app.mock.dependencies import MockDependencies, dependencies_of
from app.mock.roles import require_actor_holds
from app.mock.tables import AccountRow
from app.services import user_rows
from charter import Context, Dependencies, Result
from handlers.presenters import present_profile

Body = dict[str, Any]


def get_profile(dependencies: Dependencies, user_id: UUID) -> Result:
    """Read a profile."""
    assert isinstance(dependencies, MockDependencies)
    return _result(accounts.get(dependencies.state, user_id))


def replace_profile(context: Context, user_id: UUID, body: Body) -> Result:
    """Replace all five fields."""
    dependencies = dependencies_of(context)
    account = accounts.get(dependencies.state, user_id)
    if user_id != context.principal.user_id:
        require_actor_holds(context, user_id=user_id)
    user_rows.require_profile_version(context, account.user)
    return _result(accounts.save(dependencies.state, account, body, now=dependencies.clock()))


def _result(account: AccountRow) -> Result:
    return Result(present_profile(account.user), version=user_rows.profile_etag(account.user))
