"""Charter as its workers run it, saying with each response how long it waited for the database."""

from typing import Any

from peewee import QueryEvent

from app.cli import worker
from models.record import database

HEADER = b"x-database-ms"


class Timed:
    """An application whose requests come one at a time.

    Args:
        app: the application itself, on the bound database.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._seconds = 0.0
        database.obj.query_hooks.append(self._add)

    def _add(self, event: QueryEvent) -> None:
        self._seconds += event.duration

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        self._seconds = 0.0

        async def send_with_header(message: Any) -> None:
            if message["type"] == "http.response.start":
                milliseconds = f"{self._seconds * 1000:.4f}".encode()
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, milliseconds)]}
            await send(message)

        await self._app(scope, receive, send_with_header)


def create() -> Timed:
    """Return the application that this process serves."""
    return Timed(worker.create())
