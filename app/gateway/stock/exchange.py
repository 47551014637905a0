"""A request on its way through Connexion's middlewares, which pass it on in the ASGI scope."""

import asyncio
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
        loop: the event loop, which the view calls from its thread.
        deadline: stops while the body arrives, which has its own.
        response: what the steps returned.
        error: what they raised.
        steps: the task in the event loop that waits for the operation's steps.
    """

    request: Request
    job: Job
    loop: asyncio.AbstractEventLoop
    deadline: asyncio.Timeout | None = None
    response: Response | None = None
    error: Exception | None = None
    steps: asyncio.Task[Response] | None = None
