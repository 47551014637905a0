"""Hooks on accounts: what a project does when one is created, verified, suspended, restored or deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar, get_args

from app.database import on_commit
from app.database.jobs import current
from app.exits import as_error, is_of_a_signal
from app.observability.logging import log_failure
from models import User

AccountEvent = Literal["user.created", "user.verified", "user.suspended", "user.restored", "user.deleted"]
EVENTS: tuple[AccountEvent, ...] = get_args(AccountEvent)

Hook = Callable[[Any, User], object]
"""It takes the Context, and the account as it is now."""
HookT = TypeVar("HookT", bound=Hook)
_MARK = "__charter_hooks__"


class _Registration(NamedTuple):
    event: AccountEvent
    after_commit: bool


def on(event: AccountEvent, *, after_commit: bool = False) -> Callable[[HookT], HookT]:
    """Call the function when something happens to an account, with the Context and the User.

    Without `after_commit` it is called in the transaction. What it writes is committed with the change. An error that
    it raises rolls the change back, and is the response of the request. After a deadlock it may be called once more.

    With `after_commit` it is called after the commit, and before the response. It is called at most once: if the
    process ends in between, never. An error is logged, and the response stays as it is.

    Args:
        event: `user.created`, `user.verified`, `user.suspended`, `user.restored` or `user.deleted`. A deleted account
            still has its row when a hook in the transaction is called.
    """
    if event not in EVENTS:
        raise ValueError(f"there is no account event {event!r}: use one of {', '.join(EVENTS)}")

    def mark(function: HookT) -> HookT:
        setattr(function, _MARK, (*registrations(function), _Registration(event, after_commit)))
        return function

    return mark


def registrations(function: object) -> tuple[_Registration, ...]:
    """Return what a function was decorated with, the innermost decorator first."""
    return getattr(function, _MARK, ())


@dataclass(frozen=True, slots=True)
class AccountHooks:
    """The hooks of a project, by event.

    Attributes:
        inside: are called in the transaction.
        after: are called after its commit.
    """

    inside: Mapping[str, tuple[Hook, ...]] = field(default_factory=dict)
    after: Mapping[str, tuple[Hook, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, functions: Iterable[Hook]) -> AccountHooks:
        """Return the hooks that these functions were decorated as, in this order."""
        inside: dict[str, tuple[Hook, ...]] = {}
        after: dict[str, tuple[Hook, ...]] = {}
        for function in functions:
            for event, after_commit in registrations(function):
                hooks = after if after_commit else inside
                hooks[event] = (*hooks.get(event, ()), function)
        return cls(inside, after)

    def call(self, event: AccountEvent, context: Any, user: Callable[[], User]) -> None:
        """Call the hooks of an event; those after the commit when the open transaction is committed.

        Args:
            user: returns the account; called only if there is a hook.
        """
        inside, after = self.inside.get(event, ()), self.after.get(event, ())
        if not inside and not after:
            return
        account = user()
        for hook in inside:
            _call(hook, context, account)
        for hook in after:
            on_commit(partial(_call_safely, hook, context, account))


def _call(hook: Hook, context: Any, user: User) -> None:
    try:
        hook(context, user)
    except BaseException as error:
        if is_of_a_signal(error) or (ordinary := as_error(error)) is error:
            raise
        raise ordinary from error


def _call_safely(hook: Hook, context: Any, user: User) -> None:
    try:
        _call(hook, context, user)
    except Exception as error:  # noqa: BLE001 (the work is committed, whatever a hook raises)
        job = current()
        name = f"{hook.__module__}.{getattr(hook, '__qualname__', hook)}"
        log_failure(error, request_id=job.request_id if job else "-", code="HOOK", reason=name)
