"""What a command of a project uses to act: the configured database, as the operator, with an event row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from app.context.context import Context

T = TypeVar("T")


class Terminal:
    """The terminal at which a command of a project runs. `@click.pass_obj` passes it to the command.

    Args:
        perform: does the work; gets the arguments of `act`.
    """

    def __init__(self, perform: Callable[..., Any]) -> None:
        self._perform = perform

    def act(
        self,
        event: str,
        work: Callable[[Context], T],
        *,
        target: tuple[str, str] | None = None,
        details: Mapping[str, Any] | None = None,
        invalidates: Sequence[str] = (),
    ) -> T:
        """Do a piece of work in a transaction, as the operator, with its event row in the audit trail.

        If the work raises an error, it is rolled back, and the row says so.

        Args:
            event: the name of the row.
            work: gets the Context of the operator, who holds every permission; after a deadlock it is called again.
            target: (kind, identifier) of what it is done to.
            details: facts for the row; no secret.
            invalidates: tags of cached responses that it makes stale.

        Returns:
            What the work returns.
        """
        done: T = self._perform(event, work, target=target, details=details, invalidates=invalidates)
        return done
