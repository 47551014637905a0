"""What the operator does at the terminal: on which accounts, and the one event row that each deed leaves."""

import os
import pwd
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from app.cli.db import bound_database
from app.cli.refusals import MISCONFIGURED, Refusal
from app.cli.services import tools_for
from app.database import retrying, unit
from app.database.migrator import pending
from app.errors import AppError, NotFound
from app.identifiers import new_id
from app.security.principal import Operator
from app.services import inspection
from app.services.audit import Event, write_local_event
from app.services.tools import Tools
from models.account import Account

Outcome = TypeVar("Outcome")

ACTOR_ROLE = "cli"


@contextmanager
def operating() -> Iterator[Tools]:
    """Give the tools of the services, on the database of the settings.

    Raises:
        SettingsError: with every fault.
        Unavailable: the database cannot be reached.
        Refusal: it is behind.
    """
    with bound_database() as (database, settings):
        behind = len(pending(database))
        if behind:
            raise Refusal(
                f"the database is {behind} migration{'s' * (behind != 1)} behind: run charter db migrate",
                exit_code=MISCONFIGURED,
            )
        yield tools_for(settings)


def locate(name: str, action: str, *, tools: Tools) -> Account:
    """Return the account that a deed is about to be done to; one that is not there leaves a failed row.

    Args:
        name: its address or id.
        action: the event's name.

    Raises:
        NotFound: there is none.
    """
    try:
        return inspection.find_named(name)
    except NotFound as error:
        _record(_draft(None, {}), action, "failed", error.reason, tools)
        raise


def change(
    account: Account,
    action: str,
    service: Callable[..., Account],
    *,
    details: Mapping[str, Any] | None = None,
    tools: Tools,
    **arguments: Any,
) -> Account:
    """Let a service change an account, as the operator, who holds all that the document knows; see `act`.

    Args:
        service: takes `user_id`, `actor`, `tools` and the arguments.

    Returns:
        The account as it is now.
    """
    actor = Operator(frozenset(tools.catalogue))
    return act(
        action,
        lambda _: service(user_id=account.id, actor=actor, tools=tools, **arguments),
        account=account,
        details=details,
        tools=tools,
    )


def act(
    action: str,
    work: Callable[[Event], Outcome],
    *,
    account: Account | None = None,
    details: Mapping[str, Any] | None = None,
    tools: Tools,
) -> Outcome:
    """Do a piece of work and leave its event row: in the work's transaction, or after the rollback when it fails.

    Args:
        action: the event's name, the API's where it does the same.
        work: is given the draft of the row; called again when a deadlock undid it.
        account: what it is done to, when that is there already.
        details: facts for the row, beside who it was; no secret.

    Returns:
        What the work returns.

    Raises:
        Exception: what the work raises.
    """
    event = _draft(account, details or {})

    def attempt() -> Outcome:
        with unit():
            outcome = work(event)
            _record(event, action, "succeeded", None, tools)
        return outcome

    try:
        return retrying(attempt)
    except Exception as error:
        reason = error.reason if isinstance(error, AppError) else "internal_error"
        _record(event, action, "failed", event.reason or reason, tools)
        raise


def _draft(account: Account | None, details: Mapping[str, Any]) -> Event:
    return Event(
        actor=(None, ACTOR_ROLE),
        target=("user", str(account.id)) if account else None,
        details={"os_user": _os_user(), **details},
    )


def _record(event: Event, action: str, outcome: str, reason: str | None, tools: Tools) -> None:
    write_local_event(
        event, action=action, outcome=outcome, reason=reason, request_id=f"cli-{new_id()}", now=tools.clock()
    )


def _os_user() -> str:
    """Return the name of the account this process runs as: the system's word, not that of the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers run as numbers that nobody has given a name
        return str(os.getuid())
