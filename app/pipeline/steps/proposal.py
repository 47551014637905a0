"""Proposal: a write whose response is worked out and checked first; one statement then makes it, with its event.

An operation has this step if there is a function `propose_` and its name beside its handler
(`app.pipeline.handlers.find_proposer`). That function returns a `Proposal`, whose `make_all` runs the statement for all
requests that come at the same time. The statement commits by itself.

The handler decides, as for any other write, if nothing was proposed or the statement did not make the write. Then
nothing has changed, unless the connection was lost: `make_all` notes what may have been committed, and the
handler finds out.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.database import connection, extra_time, jobs
from app.database.jobs import Job
from app.errors import AppError, Unavailable
from app.identifiers import new_id
from app.pipeline.batching import BatchedStep
from app.pipeline.operation import BoundOperation
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response
from app.pipeline.steps.audit_event import records_failure
from app.results import Proposal
from app.services.audit_events import client_id


class _Write(NamedTuple):
    """A proposal that was rendered: what the statement must know, and the response if it makes the write."""

    proposal: Proposal
    values: Mapping[str, Any]
    response: Response
    job: Job | None


def make(operation: BoundOperation) -> BatchedStep | None:
    """Return the step, or None for an operation whose handler's module proposes nothing."""
    propose, action, dependencies = operation.propose, operation.policy.event, operation.runtime.dependencies
    if propose is None:
        return None
    seconds = dependencies.config.database_statement_seconds

    def prepare(context: RequestContext) -> _Write | None:
        try:
            proposal = propose(context)
            response = operation.render(context, proposal.data) if proposal else None
        except AppError:  # the handler meets it, too, and its event is recorded then
            return None
        if proposal is None or response is None:
            return None
        client = context.client
        event = {
            "now": dependencies.test_now,
            "event_id": new_id(),
            "request_id": context.request_id,
            "client_id": client_id(operation.runtime.audit_client_key, proposal.actor_id, client),
            "address": client.address,
            "user_agent": client.user_agent,
        }
        return _Write(proposal, {**proposal.values, **event}, response, jobs.current())

    def make_all(writes: Sequence[_Write | None]) -> Sequence[Response | None]:
        """Return the response of each write that was made."""
        made: list[Response | None] = [None] * len(writes)
        try:
            with connection():
                begun = [(number, write) for number, write in enumerate(writes) if write and _begins_to_commit(write)]
                if begun:
                    # As for every COMMIT, whatever time is left to the requests.
                    with extra_time(seconds):
                        done = begun[0][1].proposal.make_all(action, [write.values for _, write in begun])
                    for (number, write), is_made in zip(begun, done, strict=True):
                        if is_made:
                            made[number] = write.response
                        elif write.job is not None:
                            write.job.commit_failed()
        except Unavailable:  # no connection: each request finds out what that means for it
            pass
        return made

    return BatchedStep(records_failure(operation)(prepare), make_all, lambda _, response: response)


def _begins_to_commit(write: _Write) -> bool:
    """Return whether the request may still be committed; from now on it cannot be given up."""
    try:
        if write.job is not None:
            write.job.begin_commit()
    except Unavailable:
        return False
    return True
