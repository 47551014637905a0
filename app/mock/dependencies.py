"""What the handlers and steps of the mock get in place of a database."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.context.dependencies import Dependencies
from app.mock.examples import ResponseExamples
from app.mock.state import State
from app.pipeline.operation import BoundOperation
from charter import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class MockDependencies(Dependencies):
    """The dependencies of the services, and the state of the mock.

    Attributes:
        state: the rows.
        examples: of the responses of every operation, by operationId.
        max_delay: the longest delay in seconds that a request may ask for.
    """

    state: State
    examples: Mapping[str, ResponseExamples]
    max_delay: float


def dependencies_of(holder: Context | BoundOperation) -> MockDependencies:
    """Return the dependencies of a request or of an operation of the mock."""
    found = holder.runtime.dependencies if isinstance(holder, BoundOperation) else holder.dependencies
    assert isinstance(found, MockDependencies)
    return found


def state_of(holder: Context | BoundOperation) -> State:
    """Return the state."""
    return dependencies_of(holder).state
