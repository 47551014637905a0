"""What fills Connexion's slots for bearer tokens, parameters and bodies."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from connexion.security import BearerSecurityHandler
from connexion.validators.abstract import AbstractRequestBodyValidator

from app.config import Config
from app.gateway.asgi import Message, Receive, Scope
from app.gateway.request_body import receive_body
from app.gateway.request_parser import RequestParser
from app.gateway.stock.exchange import SCOPE_KEY, Exchange


class BearerHandler(BearerSecurityHandler):
    """Connexion's slot for bearer tokens: verifies them as the compiled gateway does."""

    def __init__(self, parser: RequestParser) -> None:
        self._parser = parser

    def get_fn(self, security_scheme: Mapping[str, Any], required_scopes: list[str]) -> Callable[[Any], dict[str, Any]]:
        """Return the function that Connexion calls for each request of a secured operation."""

        def verify(connexion_request: Any) -> dict[str, Any]:
            exchange: Exchange = connexion_request.scope[SCOPE_KEY]
            self._parser.authenticate(exchange.request)
            caller = exchange.request.context.caller
            assert caller is not None
            return {"sub": str(caller.user_id)}

        return verify


class NoParameterValidator:
    """Connexion's slot for parameters: the step `parameters` validates them, in the order of the pipeline."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Need nothing of what Connexion passes."""

    def validate(self, scope: Scope) -> None:
        """Accept everything."""


class BodyReader(AbstractRequestBodyValidator):
    """Connexion's slot for bodies: reads them within their bounds; the step `body` parses and validates them.

    Args:
        options: of Connexion's class.
    """

    def __init__(self, *, config: Config, **options: Any) -> None:
        super().__init__(**options)
        self._config = config

    async def wrap_receive(self, receive: Receive, *, scope: Scope) -> tuple[Receive, Any]:
        """Read the body into the request's context; what comes after sees an empty one."""
        exchange: Exchange = scope[SCOPE_KEY]
        assert exchange.deadline is not None
        exchange.deadline.reschedule(None)
        await receive_body(exchange.request, receive, self._config)
        exchange.deadline.reschedule(asyncio.get_running_loop().time() + self._config.request_seconds)
        exchange.job.restart(self._config.request_seconds)
        headers = [header for header in scope["headers"] if header[0] not in (b"content-length", b"transfer-encoding")]

        async def receive_nothing() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False}

        return receive_nothing, {**scope, "headers": headers}

    async def _parse(self, stream: AsyncGenerator[bytes, None], scope: Scope) -> None:
        """Unused: wrap_receive does not call it."""
