"""What both gateways do around an operation: parse the request, hand pages on, respond to errors, send the response."""

import asyncio
import time
from abc import ABC, abstractmethod

from app.errors import Unavailable
from app.gateway.asgi import App, Receive, Scope, Send
from app.gateway.request import Request
from app.gateway.request_body import ClientGone
from app.gateway.request_parser import RequestParser
from app.gateway.response_sender import ResponseSender
from app.pipeline.response import Response


class BaseGateway(ABC):
    """The outermost ASGI application. `app.gateway.connexion_apps` makes a Connexion middleware of it.

    Args:
        app: what comes after it.
    """

    def __init__(self, app: App, *, parser: RequestParser, sender: ResponseSender) -> None:
        self._app = app
        self._parser = parser
        self._sender = sender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        scope = self._parser.without_prefix(scope)
        request = self._parser.parse(scope)
        if request.is_page:
            await self._sender.send_page(request, self._app, scope, receive, send, started)
            return
        if request.error is not None:
            response: Response | None = self._sender.error_response(request, request.error)
        else:
            response = request.response
        if response is None:
            try:
                response = await self.run_operation(request, scope, receive)
            except ClientGone:
                return
            except asyncio.CancelledError:
                # The grace period of a server that ends is over; uncaught, this would be uvicorn's own 500.
                response = self._sender.error_response(request, Unavailable(reason="shutdown"))
            except Exception as error:  # noqa: BLE001 (everything becomes a response)
                response = self._sender.error_response(request, error)
                # Its trace leads through frames that hold it: a circle that would outlive the request.
                error.__traceback__ = None
        await self._sender.send(request, response, send, started)

    @abstractmethod
    async def run_operation(self, request: Request, scope: Scope, receive: Receive) -> Response:
        """Return the response of the request's operation, or raise."""
