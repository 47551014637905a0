"""The stock stack: Connexion routes, secures and validates; the front door and the plan's steps stay ours.

Our front door stands before it and notes the visit in the scope; our bearer handler sits in Connexion's
`security_map`, our validators in its `validator_map`, and its resolver returns the function that runs the plan.
"""

import asyncio
import copy
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from functools import partial
from typing import Any
from urllib.parse import quote, unquote_to_bytes

import flask
from connexion.context import operation as current_operation
from connexion.context import scope as current_scope
from connexion.middleware.abstract import SpecMiddleware
from connexion.security import BearerSecurityHandler
from connexion.spec import Specification
from connexion.validators.abstract import AbstractRequestBodyValidator

from app.config import Config
from app.database.jobs import Job
from app.errors import NotFound, Unavailable
from app.gateway.compiled import run_counted
from app.gateway.executors import Executor
from app.gateway.request_body import ClientGone, receive_body
from app.gateway.request_parser import Request, RequestParser
from app.gateway.response_sender import ResponseSender, Send
from app.media_types import JSON
from app.pipeline.context import Response
from app.pipeline.plan import Plan

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_REQUEST = "charter.visit"


class StockEntrance(SpecMiddleware):
    """The outermost middleware of the stock stack: the front door on the way in, the common headers on the way out.

    Args:
        app: Connexion's routing and all that follows.
        seconds: how long that may take, the body's arrival apart.
    """

    def __init__(self, app: Any, *, parser: RequestParser, sender: ResponseSender, seconds: float) -> None:
        self._app = app
        self._front = parser
        self._exit = sender
        self._seconds = seconds

    def add_api(self, specification: Specification, **_: Any) -> None:
        """Nothing to learn: Connexion's own middlewares read the document."""

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
        try:
            response = request.response or await self._through_connexion(request, scope, receive)
        except ClientGone:
            return
        except asyncio.CancelledError:
            # The grace of a server that ends is over; uncaught, this would be uvicorn's own 500.
            response = self._exit.answer_for(request, Unavailable(reason="shutdown"))
        except Exception as error:  # noqa: BLE001 (everything becomes an answer)
            response = self._exit.answer_for(request, error)
            # It leads through frames that hold it, Connexion's among them: a circle that would outlive the request.
            error.__traceback__ = None
        await self._exit.send(request, response, send, started)

    async def _through_connexion(self, request: Request, scope: MutableMapping[str, Any], receive: Receive) -> Response:
        if request.error_response is not None:
            raise request.error_response
        assert request.plan is not None
        request.job = Job(request.context.request_id, request.plan.policy.operation_id, seconds=self._seconds)

        async def ignore(_: MutableMapping[str, Any]) -> None:
            """What Flask would send; the visit has the answer."""

        try:
            async with asyncio.timeout(self._seconds) as request.deadline:
                await self._app({**scope, **_plain_request(request), _REQUEST: request}, receive, ignore)
        except (TimeoutError, asyncio.CancelledError) as error:
            reason = "deadline" if isinstance(error, TimeoutError) else "shutdown"
            if request.job.cancel(reason) or request.committed is None:
                raise Unavailable(reason=reason) from error
            return await request.committed()
        finally:
            # They know the task, the task its context, and that the visit.
            request.deadline = request.committed = None
        if request.failure is not None:
            raise request.failure
        if request.response is None:
            raise NotFound
        return request.response


def _plain_request(request: Request) -> dict[str, Any]:
    """Return what Connexion sees in place of method, path, query and headers.

    It would take an escaped slash for a real one, not match an escaped line end, coerce the query before the function
    that is to refuse it, and compare media types by case.
    """
    segments = (quote(unquote_to_bytes(segment), safe="") for segment in request.context.path.split("/"))
    secret = request.headers.get("authorization")
    return {
        "method": "GET" if request.context.method == "HEAD" else request.context.method,
        "path": "/".join(segments),
        "query_string": b"",
        "headers": [(b"authorization", secret.encode("latin-1"))] if secret else [],
    }


class RequestBearer(BearerSecurityHandler):
    """Connexion's slot for bearer tokens, filled with the front door's own check.

    `parser` is set by the subclass that the factory makes.
    """

    parser: RequestParser

    def get_fn(self, security_scheme: Mapping[str, Any], required_scopes: list[str]) -> Callable[[Any], dict[str, Any]]:
        """Return the function that Connexion calls for each request of a secured operation."""

        def verify(connexion_request: Any) -> dict[str, Any]:
            request: Request = connexion_request.scope[_REQUEST]
            self.parser.authenticate(request)
            assert request.context.caller is not None
            return {"sub": str(request.context.caller[0])}

        return verify


class RequestParameters:
    """Connexion's slot for parameters: left to the plan's step, which refuses in the order of the pipeline."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what Connexion gives, and need none of it."""

    def validate(self, scope: MutableMapping[str, Any]) -> None:
        """Refuse nothing yet."""


class RequestBody(AbstractRequestBodyValidator):
    """Connexion's slot for bodies: reads within the bounds; the plan's step parses and validates in its turn.

    `settings` is set by the subclass that the factory makes.
    """

    config: Config

    async def wrap_receive(self, receive: Receive, *, scope: MutableMapping[str, Any]) -> tuple[Receive, Any]:
        """Read the body for the visit; what comes after sees an empty one."""
        request: Request = scope[_REQUEST]
        assert request.deadline is not None
        assert request.job is not None
        request.deadline.reschedule(None)
        await receive_body(request, receive, self.config)
        request.deadline.reschedule(asyncio.get_running_loop().time() + self.config.request_seconds)
        request.job.restart(self.config.request_seconds)
        emptied = [header for header in scope["headers"] if header[0] not in (b"content-length", b"transfer-encoding")]

        async def nothing() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": b"", "more_body": False}

        return nothing, {**scope, "headers": emptied}

    async def _parse(self, stream: AsyncGenerator[bytes, None], scope: MutableMapping[str, Any]) -> None:
        """Unused: wrap_receive does not call it."""


def later_steps(executors: Mapping[str, Executor]) -> Callable[[str], Callable[[], flask.Response]]:
    """Return the resolver's function: from an operationId to the view that runs its plan."""
    made: dict[str, Callable[[], flask.Response]] = {}

    def view() -> flask.Response:
        request: Request = current_scope[_REQUEST]
        plan = request.plan
        if plan is None or plan.policy.operation_id != current_operation.operation_id:
            return flask.Response(status=404)
        try:
            if plan.policy.executor == "loop":
                request.response = run_counted(plan.run, request.context)
            else:
                # Not on the WSGI server's threads: they would wait for a stuck database as long as it is stuck.
                request.response = _on_a_thread(request, plan, executors[plan.policy.executor])
        except Exception as error:  # noqa: BLE001 (the entrance raises it again)
            request.failure = error
        return flask.Response(status=200)

    def resolve(operation_id: str) -> Callable[[], flask.Response]:
        if operation_id not in made:
            made[operation_id] = lambda **_: view()
        return made[operation_id]

    return resolve


def _on_a_thread(request: Request, plan: Plan, executor: Executor) -> Response:
    assert request.job is not None
    future = executor.submit(lambda: run_counted(plan.run, request.context), request.job)
    request.committed = partial(executor.committed, future)
    return executor.wait(future, request.job)


def for_connexion(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document with every path parameter a plain string, and every body of one media type.

    Connexion's router answers 404 where a typed one does not fit; our validators answer 400 with the field. Media types
    are the front door's to compare: Connexion sees no Content-Type, and takes the first one.
    """
    given = copy.deepcopy(dict(bundle))
    parameters = list(given.get("components", {}).get("parameters", {}).values())
    for item in given["paths"].values():
        for part in (item, *(value for value in item.values() if isinstance(value, dict))):
            parameters += part.get("parameters", [])
    bodies = list(given.get("components", {}).get("requestBodies", {}).values())
    bodies += [
        part["requestBody"] for item in given["paths"].values() for part in item.values() if "requestBody" in part
    ]
    for body in bodies:
        if JSON in body.get("content", {}):
            body["content"] = {JSON: body["content"][JSON]}
    for parameter in parameters:
        if parameter.get("in") == "path":
            parameter["schema"] = {"type": "string"}
    return given
