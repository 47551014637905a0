"""The compiled gateway: a Connexion middleware that answers every operation itself, in one hop to a thread."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from connexion.middleware.abstract import SpecMiddleware
from connexion.spec import Specification

from app.database import queries
from app.database.jobs import Job
from app.errors import Unavailable
from app.gateway.executors import Executor
from app.gateway.exit import Exit, Send
from app.gateway.front import FrontDoor, Visit
from app.gateway.intake import ClientGone, receive_body
from app.policy.call import Answer, Call
from app.settings import Settings

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
        front: FrontDoor,
        way_out: Exit,
        executors: Mapping[str, Executor],
        settings: Settings,
        served: set[str],
    ) -> None:
        self._app = app
        self._front = front
        self._exit = way_out
        self._executors = executors
        self._settings = settings
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
        visit = self._front.admit(scope)
        if not visit.ours:
            await self._exit.page(visit, self._app, scope, receive, send, started)
            return
        if visit.refusal is not None:
            answer: Answer | None = self._exit.answer_for(visit, visit.refusal)
        else:
            answer = visit.answer
        if answer is None:
            try:
                answer = await self._work(visit, receive)
            except ClientGone:
                return
            except asyncio.CancelledError:
                # The grace of a server that ends is over; uncaught, this would be uvicorn's own 500.
                answer = self._exit.answer_for(visit, Unavailable(reason="shutdown"))
            except Exception as error:  # noqa: BLE001 (everything becomes an answer)
                answer = self._exit.answer_for(visit, error)
        await self._exit.send(visit, answer, send, started)

    async def _work(self, visit: Visit, receive: Receive) -> Answer:
        plan, call = visit.plan, visit.call
        assert plan is not None
        self._front.authenticate(visit)
        if plan.takes_body:
            await receive_body(visit, receive, self._settings)
        executor = plan.policy.executor
        if executor == "loop":
            return plan.run(call)
        job = Job(call.request_id, plan.policy.operation_id, seconds=self._settings.request_seconds)
        return await self._executors[executor].run(lambda: run_counted(plan.run, call), job)


def run_counted(run: Callable[[Call], Answer], call: Call) -> Answer:
    """Run a call on this thread and note how many queries it took."""
    queries()
    try:
        return run(call)
    finally:
        call.queries = queries()
