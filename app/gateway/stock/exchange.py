"""A request on its way through Connexion's middlewares, which pass it on in the ASGI scope."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.database.jobs import Job
from app.gateway.request import Request
from app.pipeline.response import Response

SCOPE_KEY = "charter.exchange"


@dataclass(slots=True)
class Exchange:
    """A request and what becomes of it.

    Attributes:
        job: what the operation's thread works for.
        deadline: stops while the body arrives, which has its own.
        response: what the steps returned.
        error: what they raised.
        wait_for_commit: waits for a commit that is in progress.
    """

    request: Request
    job: Job
    deadline: asyncio.Timeout | None = None
    response: Response | None = None
    error: Exception | None = None
    wait_for_commit: Callable[[], Awaitable[Response]] | None = None
