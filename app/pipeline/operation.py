"""What an operation is made of, in the three stages of its compilation (`app.pipeline.compile`)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.cache.limiter import Limiter
from app.context.dependencies import Dependencies
from app.declared_errors import Declaration
from app.pipeline.batching import BatchedStep, Run, run_alone
from app.pipeline.rendering import ResponseRenderer
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.results import Proposal
from app.security.cursors import Cursors
from app.services.audit_events import write_event
from app.services.health import Probes
from app.spec.policy import Policy
from app.spec.validation.parameters import ParameterReader

Handler = Callable[..., Any]
"""A plain function that a team writes, named as the operationId."""

ReadBody = Callable[[bytes], Any]
"""Parses and validates a body; returns None where an optional body is absent, or raises MalformedBody or
ValidationError."""

Step = Callable[[RequestContext], Response | None]
"""Raises an error, returns None to go on, or returns the response."""


@dataclass(frozen=True, slots=True)
class MatchedOperation:
    """Stage 1: an operation of the document whose parameters, body and responses match its handler.

    Attributes:
        read_body: None where no body is read.
        body_required: whether the body must be there.
        media_types: those that a body may have; the first is JSON.
        proposer: works out what the handler will return, where one statement can make its write; it takes the same
            arguments.
        errors: what errors.yaml says, by code.
    """

    policy: Policy
    parameters: ParameterReader
    read_body: ReadBody | None
    body_required: bool
    media_types: tuple[str, ...]
    handler: Handler
    proposer: Handler | None
    renderer: ResponseRenderer
    errors: Mapping[str, Declaration]


@dataclass(frozen=True, slots=True)
class Runtime:
    """What the operations of one process share; the factory makes it.

    Attributes:
        audit_client_key: keys the identifiers of audit clients.
        write_event: writes the event row of a request.
    """

    dependencies: Dependencies
    probes: Probes
    limiter: Limiter
    cursors: Cursors
    audit_client_key: bytes
    write_event: Callable[..., None] = write_event


@dataclass(frozen=True, slots=True)
class BoundOperation:
    """Stage 2: a matched operation with the process's dependencies; the steps are made from it.

    Attributes:
        run_handler: calls the handler with its arguments for a request, and returns what it returned.
        propose: calls the proposer in the same way; None: there is none.
        takes_target_user: whether the handler takes the account that the path names.
        render: turns what the handler returned into the response, or raises Internal for a value that the document does
            not describe.
        check_stored: raises Internal for a stored response that the document does not describe.
        render_data: turns data and its version into the bytes to cache, or raises Internal as `render`.
        render_cached: turns such bytes and their version into the response.
    """

    policy: Policy
    parameters: ParameterReader
    read_body: ReadBody | None
    run_handler: Callable[[RequestContext], Any]
    propose: Callable[[RequestContext], Proposal | None] | None
    takes_target_user: bool
    render: Callable[[RequestContext, Any], Response]
    check_stored: Callable[[Response], None]
    render_data: Callable[[Any, str], bytes]
    render_cached: Callable[[RequestContext, bytes, str], Response]
    runtime: Runtime


@dataclass(frozen=True, slots=True)
class CompiledOperation:
    """Stage 3: an operation ready to run; the gateway's router finds it.

    Attributes:
        steps: all of them, in the order in which `run` calls them.
        begin: begins to take a request through the steps to its response; `app.pipeline.batching` runs it.
        is_batched: whether requests that come at the same time share round trips before their own work.
        takes_body: whether a body is read at all.
        body_required: whether the body must be there.
        media_types: those that a body may have.
        headers: sent with every response, errors included.
    """

    policy: Policy
    steps: tuple[Step | BatchedStep, ...]
    begin: Callable[[RequestContext], Run]
    is_batched: bool
    takes_body: bool
    body_required: bool
    media_types: tuple[str, ...]
    headers: tuple[tuple[bytes, bytes], ...]

    def run(self, context: RequestContext) -> Response:
        """Take a request through the steps to its response, or raise the error."""
        return run_alone(self.begin(context))
