"""What the operator does at the terminal: on which accounts, and the one event row that each deed leaves."""

import os
import pwd
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from app.cli.bound_database import bound_database
from app.cli.refusals import MISCONFIGURED, Refusal
from app.cli.services import dependencies_for
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import retry_transaction, unit_of_work
from app.database.migrator import pending
from app.errors import AppError, NotFound
from app.identifiers import new_id
from app.security.principal import Operator
from app.services import inspection
from app.services.audit import write_local_event
from app.services.invalidations import queue_invalidations
from models.account import Account

Outcome = TypeVar("Outcome")

ACTOR_ROLE = "cli"


@contextmanager
def operating() -> Iterator[Dependencies]:
    """Give the tools of the services, on the database of the settings.

    Raises:
        ConfigError: with every fault.
        Unavailable: the database cannot be reached.
        Refusal: it is behind.
    """
    with bound_database() as (database, config):
        behind = len(pending(database))
        if behind:
            raise Refusal(
                f"the database is {behind} migration{'s' * (behind != 1)} behind: run charter db migrate",
                exit_code=MISCONFIGURED,
            )
        yield dependencies_for(config)


def locate(name: str, action: str, *, dependencies: Dependencies) -> Account:
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
        _record(_draft(None), action, "failed", error.reason, now=dependencies.moment)
        raise


def change(
    account: Account,
    action: str,
    service: Callable[..., Account],
    *,
    drafts: bool = False,
    details: Mapping[str, Any] | None = None,
    dependencies: Dependencies,
    **arguments: Any,
) -> Account:
    """Let a service change an account, as the operator, who holds all that the document knows; see `act`.

    Args:
        service: takes `user_id`, `actor`, `tools` and the arguments.
        drafts: whether it also takes `event`, and says there what the row keeps of it.

    Returns:
        The account as it is now.
    """

    def work(context: Context) -> Account:
        draft = {"event": context.event} if drafts else {}
        return service(user_id=account.id, actor=context.actor, dependencies=dependencies, **draft, **arguments)

    return act(
        action, work, account=account, details=details, drops=(f"user:{account.id}", "users"), dependencies=dependencies
    )


def act(
    action: str,
    work: Callable[[Context], Outcome],
    *,
    account: Account | None = None,
    target: tuple[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
    drops: Sequence[str] = (),
    dependencies: Dependencies,
) -> Outcome:
    """Do a piece of work and leave its event row: in the work's transaction, or after the rollback when it fails.

    Args:
        action: the event's name, the API's where it does the same.
        work: takes the context of the operator, with the draft of the row; called again when a deadlock undid it.
        account: what it is done to, when that is there already.
        target: (kind, identifier) of what it is done to, when that is no account.
        details: facts for the row, beside who it was and what the work drafts; no secret.
        drops: tags of what it changes: the servers drop what is cached under them.

    Returns:
        What the work returns.

    Raises:
        Exception: what the work raises.
    """
    event, known = _draft(account), details or {}
    event.target = target or event.target
    context = Context(dependencies, Operator(frozenset(dependencies.catalogue)), event=event)

    def attempt() -> Outcome:
        with unit_of_work():
            outcome = work(context)
            queue_invalidations(drops, store=None)
            _record(event, action, "succeeded", None, details=known, now=dependencies.moment)
        return outcome

    try:
        return retry_transaction(attempt)
    except Exception as error:
        reason = error.reason if isinstance(error, AppError) else "internal_error"
        _record(event, action, "failed", event.reason or reason, details=known, now=dependencies.moment)
        raise


def record(action: str, *, target: tuple[str, str], details: Mapping[str, Any], now: datetime | None) -> None:
    """Leave the event row of a deed that no account is the target of, in the transaction that is open.

    Args:
        target: (kind, identifier).
        details: as `act`.
    """
    event = Event(actor=(None, ACTOR_ROLE), target=target)
    _record(event, action, "succeeded", None, details=details, now=now)


def _draft(account: Account | None) -> Event:
    return Event(actor=(None, ACTOR_ROLE), target=("user", str(account.id)) if account else None)


def _record(
    event: Event,
    action: str,
    outcome: str,
    reason: str | None,
    *,
    details: Mapping[str, Any] = MappingProxyType({}),
    now: datetime | None,
) -> None:
    # What the service drafted stands beside what the command knows, and takes the place of none of it.
    kept = {**(event.details or {}), **details, "os_user": _os_user()}
    row = replace(event, details=kept)
    write_local_event(row, action=action, outcome=outcome, reason=reason, request_id=f"cli-{new_id()}", now=now)


def _os_user() -> str:
    """Return the name of the account this process runs as: the system's word, not that of the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # containers run as numbers that nobody has given a name
        return str(os.getuid())
