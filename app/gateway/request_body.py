"""Reading a body within its bounds of size and time, with or without a Content-Length."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from app.config import Config
from app.errors import MalformedBody
from app.gateway.request_parser import Request, too_large
from app.media_types import JSON, unsupported

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientGone(Exception):
    """The client closed the connection before its body was complete; there is nobody to answer."""


async def receive_body(request: Request, receive: Receive, config: Config) -> None:
    """Read the body of a visit's call.

    Raises:
        PayloadTooLarge, MalformedBody, ClientGone
        UnsupportedMediaType: a chunked body came without a media type; only here it is known that it is not empty.
    """
    body = await read_body(receive, limit=config.body_limit, seconds=config.body_seconds)
    if body and "content-type" not in request.headers:
        raise unsupported(request.plan.media_types if request.plan else (JSON,))
    request.context.body = body


async def read_body(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """Return the whole body.

    Args:
        limit: bytes; one more is refused without reading further.
        seconds: how long the body may take to arrive.

    Raises:
        PayloadTooLarge, MalformedBody, ClientGone
    """
    chunks, size, more = [], 0, True
    try:
        async with asyncio.timeout(seconds):
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientGone
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > limit:
                    raise too_large(limit)
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise MalformedBody(f"The body did not arrive within {seconds:g} s.") from error
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
