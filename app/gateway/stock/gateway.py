"""The stock gateway, and the function that runs an operation's steps at its end."""

import asyncio
from collections.abc import Callable, Mapping

import flask
from connexion.context import operation as current_operation
from connexion.context import scope as current_scope

from app.database.jobs import Job
from app.errors import NotFound, Unavailable
from app.gateway.asgi import App, Message, Receive, Scope
from app.gateway.base_gateway import BaseGateway
from app.gateway.compiled import run_counted
from app.gateway.executors import Executor
from app.gateway.request import Request
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.gateway.stock.document import simplified_request
from app.gateway.stock.exchange import SCOPE_KEY, Exchange
from app.pipeline.operation import CompiledOperation
from app.pipeline.response import Response


class StockGateway(BaseGateway):
    """The outermost middleware of the stock stack.

    Args:
        app: Connexion's routing and all that follows.
        seconds: how long that may take, not counting the time in which the body arrives.
    """

    def __init__(self, app: App, *, parser: RequestParser, sender: ResponseSender, seconds: float) -> None:
        super().__init__(app, parser=parser, sender=sender)
        self._seconds = seconds

    async def run_operation(self, request: Request, scope: Scope, receive: Receive) -> Response:
        """Send the request through Connexion's middlewares; what Flask would send is dropped."""
        assert request.operation is not None
        job = Job(request.context.request_id, request.operation.policy.operation_id, seconds=self._seconds)
        exchange = Exchange(request, job, asyncio.get_running_loop())
        scope = {**scope, **simplified_request(request.context), SCOPE_KEY: exchange}
        try:
            async with asyncio.timeout(self._seconds) as exchange.deadline:
                await self._app(scope, receive, _ignore)
        except (TimeoutError, asyncio.CancelledError) as error:
            reason = "deadline" if isinstance(error, TimeoutError) else "shutdown"
            is_given_up = job.cancel(reason)
            if exchange.steps is not None:
                exchange.steps.cancel()
            if is_given_up or exchange.steps is None:
                raise Unavailable(reason=reason) from error
            # A commit is in progress, and the executor waits for it in spite of the cancellation.
            return await exchange.steps
        finally:
            # They refer to the task, the task to its context, and that to the exchange.
            exchange.deadline = exchange.steps = None
        if exchange.error is not None:
            raise exchange.error
        if exchange.response is None:
            raise NotFound
        return exchange.response


async def _ignore(_: Message) -> None:
    """Drop what Flask sends: the exchange has the response."""


def view_resolver(executors: Mapping[str, Executor]) -> Callable[[str], Callable[[], flask.Response]]:
    """Return the resolver's function: from an operationId to the view that runs the operation's steps."""
    views: dict[str, Callable[[], flask.Response]] = {}

    def view() -> flask.Response:
        exchange: Exchange = current_scope[SCOPE_KEY]
        operation, context = exchange.request.operation, exchange.request.context
        if operation is None or operation.policy.operation_id != current_operation.operation_id:
            return flask.Response(status=404)
        try:
            if operation.policy.executor == "loop":
                exchange.response = run_counted(operation.run, context)
            else:
                exchange.response = _run_on_thread(exchange, operation, executors[operation.policy.executor])
        except Exception as error:  # noqa: BLE001 (the base gateway raises it again)
            exchange.error = error
        return flask.Response(status=200)

    def resolve(operation_id: str) -> Callable[[], flask.Response]:
        if operation_id not in views:
            views[operation_id] = lambda **_: view()
        return views[operation_id]

    return resolve


def _run_on_thread(exchange: Exchange, operation: CompiledOperation, executor: Executor) -> Response:
    """Run the steps on our own threads; the WSGI server's would wait for a stuck database as long as it is stuck."""

    async def run() -> Response:
        exchange.steps = asyncio.current_task()
        return await executor.run(lambda: run_counted(operation.run, exchange.request.context), exchange.job)

    return asyncio.run_coroutine_threadsafe(run(), exchange.loop).result()
