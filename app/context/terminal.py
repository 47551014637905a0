"""What a command of a project uses to act: the configured database, as the operator, with an event row."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from app.context.context import Context

T = TypeVar("T")


class Terminal(Protocol):
    """The terminal at which a command of a project runs. `@click.pass_obj` passes it to the command."""

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
