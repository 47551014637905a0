"""What the operator does at the terminal: on which account, with the one event row that each command writes."""

import os
import pwd
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeVar

from app.cli.bound_database import bound_database
from app.cli.dependencies import declared_errors, dependencies_for
from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.project import current_project
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.context.invalidations import queue_invalidations
from app.database import retry_transaction, transaction, unit_of_work
from app.database.migration_history import pending
from app.declared_errors import DeclaredError
from app.errors import AppError, NotFound
from app.identifiers import new_id
from app.security.actors import Operator
from app.services import inspection
from app.services.audit_events import write_local_event
from models import User

Outcome = TypeVar("Outcome")

ACTOR_ROLE = "cli"


def operator_context(dependencies: Dependencies, event: Event | None = None) -> Context:
    """Return the context of the operator, who holds every permission of the document."""
    return Context(dependencies, Operator(frozenset(dependencies.permissions)), event=event or Event())


@contextmanager
def operating() -> Iterator[Dependencies]:
    """Yield the dependencies of the services, on the configured database.

    Raises:
        ConfigError: with every fault.
        Unavailable: the database cannot be reached.
        CommandError: it is behind.
    """
    with bound_database() as (database, config):
        behind = len(pending(database, project=current_project()))
        if behind:
            raise CommandError(
                f"the database is {behind} migration{'s' * (behind != 1)} behind: run charter db migrate",
                exit_code=MISCONFIGURED,
            )
        yield dependencies_for(config)


def locate(address_or_id: str, action: str, *, dependencies: Dependencies) -> User:
    """Return the account that the command is about; if there is none, write a failed row.

    Args:
        action: the event's name.

    Raises:
        NotFound: no account has this address or id.
    """
    try:
        return inspection.find(address_or_id)
    except NotFound as error:
        _record(_draft(None), action, "failed", error.reason, now=dependencies.test_now)
        raise


def change(
    user: User, action: str, service: Callable[..., User], *, dependencies: Dependencies, **arguments: Any
) -> User:
    """Let a service change an account, as the operator; see `act`.

    Args:
        service: takes the context, the id of the user and the arguments.

    Returns:
        The account as it is now.
    """
    tags = (f"user:{user.id}", "users")
    return act(
        action,
        lambda context: service(context, user.id, **arguments),
        user=user,
        invalidates=tags,
        dependencies=dependencies,
    )


def act(
    action: str,
    work: Callable[[Context], Outcome],
    *,
    user: User | None = None,
    target: tuple[str, str] | None = None,
    details: Mapping[str, Any] | None = None,
    invalidates: Sequence[str] = (),
    dependencies: Dependencies,
) -> Outcome:
    """Do a piece of work and write its event row: in the work's transaction, or after the rollback if it fails.

    Args:
        action: the event's name, the API's where it does the same.
        work: takes the context of the operator, with the draft of the row; called again when a deadlock undid it.
        user: the account that it is done to, where it exists already.
        target: (kind, identifier) of what it is done to, where that is no account.
        details: facts for the row, beside those of the operator and the work; no secret.
        invalidates: tags of what it changes: the servers drop the cache entries with these tags.

    Returns:
        What the work returns.

    Raises:
        Exception: what the work raises.
    """
    event, known = _draft(user), details or {}
    if target:
        event.target_type, event.target_id = target
    context = operator_context(dependencies, event)

    def attempt() -> Outcome:
        with unit_of_work():
            outcome = work(context)
            queue_invalidations(invalidates, cache=None)
            with transaction():
                _record(event, action, "succeeded", None, details=known, now=dependencies.test_now)
        return outcome

    try:
        return retry_transaction(attempt)
    except BaseException as error:
        reason = error.reason if isinstance(error, AppError) else "internal_error"
        _record(event, action, "failed", event.reason or reason, details=known, now=dependencies.test_now)
        if isinstance(error, DeclaredError):
            error.complete(declared_errors())
        raise


def record(action: str, *, target: tuple[str, str], details: Mapping[str, Any], now: datetime | None) -> None:
    """Write the event row of an action whose target is no account, in the open transaction.

    Args:
        target: (kind, identifier).
        details: as in `act`.
    """
    event = Event(None, ACTOR_ROLE, *target)
    _record(event, action, "succeeded", None, details=details, now=now)


def _draft(user: User | None) -> Event:
    return Event(None, ACTOR_ROLE, "user", str(user.id)) if user else Event(None, ACTOR_ROLE)


def _record(
    event: Event,
    action: str,
    outcome: str,
    reason: str | None,
    *,
    details: Mapping[str, Any] = MappingProxyType({}),
    now: datetime | None,
) -> None:
    # The facts that the command knows win over those that the service drafted.
    all_details = {**(event.details or {}), **details, "os_user": _os_user()}
    row = replace(event, details=all_details)
    write_local_event(row, action=action, outcome=outcome, reason=reason, request_id=f"cli-{new_id()}", now=now)


def _os_user() -> str:
    """Return the name of the account that this process runs as, from the system and not from the environment."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in containers, the account is often a number without a name
        return str(os.getuid())
