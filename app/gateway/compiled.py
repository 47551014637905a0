"""The compiled gateway: it runs every operation itself, in one hop to a thread."""

from collections.abc import Callable, Mapping

from app.config import Config
from app.database import take_query_count
from app.database.jobs import Job
from app.gateway.asgi import App, Receive, Scope
from app.gateway.base_gateway import BaseGateway
from app.gateway.executors import Executor
from app.gateway.request import Request
from app.gateway.request_body import receive_body
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.pipeline.batching import BatchedWork
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response


class CompiledGateway(BaseGateway):
    """Runs the operations of the document; hands pages on.

    Args:
        app: what comes after, for pages and the lifespan.
        executors: the threads by executor name.
    """

    def __init__(
        self,
        app: App,
        *,
        parser: RequestParser,
        sender: ResponseSender,
        executors: Mapping[str, Executor],
        config: Config,
    ) -> None:
        super().__init__(app, parser=parser, sender=sender)
        self._executors = executors
        self._config = config

    async def run_operation(self, request: Request, scope: Scope, receive: Receive) -> Response:
        """Verify the token and read the body here, then run the steps on a thread."""
        operation, context = request.operation, request.context
        assert operation is not None
        self._parser.authenticate(request)
        if operation.takes_body:
            await receive_body(request, receive, self._config)
        executor = operation.policy.executor
        if executor == "loop":
            return operation.run(context)
        job = Job(context.request_id, operation.policy.operation_id, seconds=self._config.request_seconds)
        if operation.is_batched:
            work = BatchedWork(operation.begin(context), context, job)
            return await self._executors[executor].run(work, job, in_batch=True)
        return await self._executors[executor].run(lambda: run_counted(operation.run, context), job)


def run_counted(run: Callable[[RequestContext], Response], context: RequestContext) -> Response:
    """Run an operation on this thread and note how many queries it took."""
    take_query_count()
    try:
        return run(context)
    finally:
        context.query_count = take_query_count()
