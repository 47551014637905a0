"""The first argument of service functions that act for somebody."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.entity_tags import Versions
from app.security.actors import ANONYMOUS, Actor, Principal
from app.security.client_address import Client


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts, on which version, with which dependencies, and the event that records it.

    Services get this; steps get the RequestContext of the pipeline.

    Attributes:
        dependencies: the clock, the keys and the configuration.
        actor: the signed-in principal, the operator at the terminal, or ANONYMOUS on a public operation.
        client: the other end of the connection; None for the command.
        event: the draft of the event row that this request writes.
        expected_version: the versions that `If-Match` allows; None allows any.
        decision_id: id of the decision row of this request; None on a public operation and for the command.
    """

    dependencies: Dependencies
    actor: Actor = ANONYMOUS
    client: Client | None = None
    event: Event = field(default_factory=Event)
    expected_version: Versions = None
    decision_id: UUID | None = None

    @property
    def test_now(self) -> datetime | None:
        """The time that a test sets, for SQL statements; None in production: the database's clock decides.

        For the time in Python call `dependencies.clock()`.
        """
        return self.dependencies.test_now

    @property
    def principal(self) -> Principal:
        """The signed-in principal; only operations that demand a token have one."""
        if not isinstance(self.actor, Principal):
            raise TypeError(f"nobody is signed in here, the actor is {self.actor}")
        return self.actor
