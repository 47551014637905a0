"""The compiled gateway: a Connexion middleware that answers every operation itself, in one hop to a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from connexion.middleware.abstract import SpecMiddleware
from connexion.spec import Specification

from app.config import Config
from app.database import take_query_count
from app.database.jobs import Job
from app.errors import Unavailable
from app.gateway.executors import Executor
from app.gateway.request_body import ClientGone, receive_body
from app.gateway.request_parser import Request, RequestParser
from app.gateway.response_sender import ResponseSender, Send
from app.pipeline.context import RequestContext, Response

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
ASGI = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


class CompiledGateway(SpecMiddleware):
    """Answers the operations of the document; hands pages on.

    Args:
        app: what comes after, for pages and the lifespan.
        executors: the threads by executor name.
    """

    def __init__(
        self,
        app: ASGI,
        *,
        parser: RequestParser,
        sender: ResponseSender,
        executors: Mapping[str, Executor],
        config: Config,
        served: set[str],
    ) -> None:
        self._app = app
        self._front = parser
        self._exit = sender
        self._executors = executors
        self._settings = config
        self._served = served

    def add_api(self, specification: Specification, **_: Any) -> None:
        """Check that Connexion reads the same operations from the document as were compiled."""
        read = {
            operation["operationId"]
            for item in specification["paths"].values()
            for operation in item.values()
            if isinstance(operation, Mapping) and "operationId" in operation
        }
        if read != self._served:
            raise RuntimeError(f"Connexion and the gateway differ on {sorted(read ^ self._served)}")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        scope = self._front.below(scope)  # type: ignore[arg-type]
        request = self._front.admit(scope)
        if not request.ours:
            await self._exit.page(request, self._app, scope, receive, send, started)
            return
        if request.error_response is not None:
            response: Response | None = self._exit.answer_for(request, request.error_response)
        else:
            response = request.response
        if response is None:
            try:
                response = await self._work(request, receive)
            except ClientGone:
                return
            except asyncio.CancelledError:
                # The grace of a server that ends is over; uncaught, this would be uvicorn's own 500.
                response = self._exit.answer_for(request, Unavailable(reason="shutdown"))
            except Exception as error:  # noqa: BLE001 (everything becomes an answer)
                response = self._exit.answer_for(request, error)
        await self._exit.send(request, response, send, started)

    async def _work(self, request: Request, receive: Receive) -> Response:
        plan, context = request.plan, request.context
        assert plan is not None
        self._front.authenticate(request)
        if plan.takes_body:
            await receive_body(request, receive, self._settings)
        executor = plan.policy.executor
        if executor == "loop":
            return plan.run(context)
        job = Job(context.request_id, plan.policy.operation_id, seconds=self._settings.request_seconds)
        return await self._executors[executor].run(lambda: run_counted(plan.run, context), job)


def run_counted(run: Callable[[RequestContext], Response], context: RequestContext) -> Response:
    """Run a call on this thread and note how many queries it took."""
    take_query_count()
    try:
        return run(context)
    finally:
        context.queries = take_query_count()
