"""Bodies: what their headers may say, and reading them within their bounds of size and time."""

import asyncio
from collections.abc import Mapping

from app.config import Config
from app.errors import MalformedBody, PayloadTooLarge, UnsupportedMediaType
from app.gateway.asgi import Receive
from app.gateway.request import Request
from app.media_types import JSON, media_type, unsupported
from app.pipeline.operation import CompiledOperation


class ClientGone(Exception):
    """The client closed the connection before its body was complete; nobody waits for a response."""


def check_body_headers(operation: CompiledOperation, headers: Mapping[str, str], *, limit: int) -> None:
    """Check what the headers say about the body, before any of it is read.

    Args:
        limit: bytes that a body may have.

    Raises:
        MalformedBody, PayloadTooLarge, UnsupportedMediaType
    """
    length = headers.get("content-length")
    if length is not None and not length.isdecimal():
        raise MalformedBody("Content-Length must be one whole number.")
    if length and int(length) > limit:
        raise _too_large(limit)
    # A chunked body may turn out to be empty: see receive_body.
    chunked = "transfer-encoding" in headers
    if chunked and headers["transfer-encoding"] != "chunked":
        raise UnsupportedMediaType("The body has a Transfer-Encoding: send it as it is, or with chunked alone.")
    if not operation.takes_body:
        return
    has_length = bool(length and int(length))
    kind = headers.get("content-type")
    if kind is not None:
        supported = media_type(kind) in operation.media_types
    else:
        supported = not (has_length or (chunked and operation.body_required))
    if not supported:
        raise unsupported(operation.media_types)
    coding = headers.get("content-encoding")
    if coding is not None and any(part.strip().lower() not in ("", "identity") for part in coding.split(",")):
        message = "The body has a Content-Encoding: send it as it is."
        raise UnsupportedMediaType(message, headers={"Accept-Encoding": "identity"})


async def receive_body(request: Request, receive: Receive, config: Config) -> None:
    """Read the body of a request into its context.

    Raises:
        PayloadTooLarge, MalformedBody, ClientGone
        UnsupportedMediaType: a chunked body came without a media type; only here it is known that it is not empty.
    """
    body = await _read_body(receive, limit=config.body_limit, seconds=config.body_seconds)
    if body and "content-type" not in request.context.headers:
        raise unsupported(request.operation.media_types if request.operation else (JSON,))
    request.context.raw_body = body


async def _read_body(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """Return the whole body.

    Args:
        limit: bytes; nothing is read beyond.
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
                    raise _too_large(limit)
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise MalformedBody(f"The body did not arrive within {seconds:g} s.") from error
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The body is too large: send at most {limit} bytes.")
