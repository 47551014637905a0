"""From an HTTP response to a result with the facts beside it, or to an error."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Generic, Literal, TypeVar, cast

import httpx

from charter_client._errors import (
    ConnectionFailed,
    Problem,
    ResponseError,
    TimedOut,
    UnexpectedResponse,
    UnsupportedVersion,
)
from charter_client._operation import Invocation
from charter_client._urls import shown_url, with_shown_urls

T = TypeVar("T")
_LONGEST_RETRY_AFTER_SECONDS = 2.0**31
Outcome = httpx.Response | httpx.RequestError
"""What came of an attempt."""

Ending = Outcome | UnexpectedResponse
"""What came of a call."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The bucket that counted the request.

    Attributes:
        bucket: its name.
        remaining: how many requests are left.
        reset: in how many seconds the bucket is full again.
        limit: how many requests it allows, in `window` seconds; None if the server does not say.
    """

    bucket: str
    remaining: int
    reset: int
    limit: int | None
    window: int | None


class _Facts:
    __slots__ = ("raw",)

    def __init__(self, raw: httpx.Response) -> None:
        self.raw = raw
        """The response, as httpx has it."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.raw.status_code

    @property
    def etag(self) -> str | None:
        """The version of the resource: send it as `if_match` with a change, or as `if_none_match` with a read."""
        return _header(self.raw, "ETag")

    @property
    def request_id(self) -> str:
        """Identifies the request in the logs and in the audit trail of the server."""
        return _header(self.raw, "X-Request-Id") or ""

    @property
    def rate_limit(self) -> RateLimit | None:
        """The bucket that counted the request; None if none did."""
        state = re.match(r'"([^"]*)";r=(\d{1,15});t=(\d{1,15})(?!\d)', self.raw.headers.get("RateLimit", ""))
        policy = re.match(r'"[^"]*";q=(\d{1,15});w=(\d{1,15})(?!\d)', self.raw.headers.get("RateLimit-Policy", ""))
        if state is None:
            return None
        limit, window = (int(policy[1]), int(policy[2])) if policy else (None, None)
        return RateLimit(state[1], int(state[2]), int(state[3]), limit, window)


class Response(_Facts, Generic[T]):
    """A result, with what the response says beside it.

    Attributes:
        data: the result.
    """

    __slots__ = ("data",)
    not_modified: Literal[False] = False

    def __init__(self, data: T, raw: httpx.Response) -> None:
        super().__init__(raw)
        self.data = data

    @property
    def replayed(self) -> bool:
        """Whether the server had carried out the request before, and repeated its response."""
        return _header(self.raw, "Idempotency-Replayed") == "true"

    @property
    def location(self) -> str | None:
        """The path of the new resource."""
        return _header(self.raw, "Location")

    def __repr__(self) -> str:
        return f"Response({self.data!r}, status={self.status}, request_id={self.request_id!r})"


class NotModified(_Facts):
    """The resource still has the version that was asked about, so the response has no data."""

    __slots__ = ()
    not_modified: Literal[True] = True


def _header(response: httpx.Response, name: str) -> str | None:
    value: str | None = response.headers.get(name)
    return value


def body_of(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object of a response; None if it has another body."""
    if response.headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        body: object = response.json()
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", body) if isinstance(body, dict) else None


def code_of(outcome: Ending) -> str | None:
    """Return the code of the first error of a response; None if there is none."""
    if not isinstance(outcome, httpx.Response) or outcome.status_code < 400:
        return None
    problems = _problems(body_of(outcome) or {})
    return problems[0].code if problems else None


def retry_after(response: httpx.Response) -> float | None:
    """Return how many seconds the server asks to wait; None if it does not say.

    A number or a date that is farther away counts as 2^31 seconds (RFC 9111, section 1.2.2).
    """
    text = (_header(response, "Retry-After") or "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text), _LONGEST_RETRY_AFTER_SECONDS)
    try:
        moment = parsedate_to_datetime(text)
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        return min(max(0.0, seconds), _LONGEST_RETRY_AFTER_SECONDS)
    except (ValueError, OverflowError):
        return None


def read(
    invocation: Invocation[T], outcome: Ending, version: str, classes: Mapping[str, type[ResponseError]]
) -> Response[T] | NotModified:
    """Return the result of a call.

    Args:
        version: of the envelope that this package knows.
        classes: the class of each error code.

    Raises:
        CharterError: the call failed.
    """
    if isinstance(outcome, httpx.RequestError):
        # The causes of this one show a redirect that may have a password.
        raise _failure(outcome) from (None if _has_invalid_location(outcome) else outcome)
    if isinstance(outcome, UnexpectedResponse):
        raise outcome
    operation = invocation.operation
    if outcome.status_code == 304:
        if "If-None-Match" not in invocation.headers:
            raise UnexpectedResponse(f"The response to {operation.name} is a 304 that was not asked for.", outcome)
        return NotModified(outcome)
    is_value = outcome.is_success or outcome.status_code in operation.values
    if outcome.status_code == 204 and operation.bodiless:
        return Response(operation.decode(None, {}), outcome)
    body = body_of(outcome)
    if body is None:
        raise not_charter(outcome)
    data: object = body
    meta: dict[str, Any] = {}
    if operation.has_envelope or not is_value:
        if not isinstance(body.get("meta"), dict):
            raise not_charter(outcome)
        meta = body["meta"]
        _check_version(meta, version, outcome)
        if not is_value:
            if _is_elsewhere(invocation, outcome):
                raise _not_there(outcome)
            raise _response_error(body, outcome, classes)
        data = body.get("data")
    try:
        return Response(operation.decode(data, meta), outcome)
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        raise UnexpectedResponse(
            f"The response to {operation.name} lacks what this package expects ({type(error).__name__}: {error}): "
            "use the package of the server's release.",
            outcome,
        ) from error


def _problems(body: Mapping[str, Any]) -> list[Problem]:
    found: object = body.get("errors")
    items = cast("list[object]", found) if isinstance(found, list) else []
    objects = [cast("dict[str, Any]", item) for item in items if isinstance(item, dict)]
    return [Problem(str(item.get("code")), str(item.get("message")), item.get("field")) for item in objects]


def _response_error(
    body: Mapping[str, Any], response: httpx.Response, classes: Mapping[str, type[ResponseError]]
) -> Exception:
    problems = _problems(body)
    if not problems:
        return not_charter(response)
    meta = cast("dict[str, Any]", body["meta"])
    request_id = str(meta.get("request_id", response.headers.get("X-Request-Id", "")))
    kind = classes.get(problems[0].code, ResponseError)
    return kind(response, problems, request_id, retry_after(response))


def _failure(error: httpx.RequestError) -> Exception:
    url = error.request.url
    place = f"{url.scheme}://{url.netloc.decode()}"
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"{place} did not respond in time to {error.request.method} {url.path}.")
    # What httpx itself refuses to send is described with the request, whose headers have the token.
    reason = "" if isinstance(error, httpx.LocalProtocolError) else str(error)
    if _has_invalid_location(error):
        reason = "its Location header has no valid URL"
    reason = with_shown_urls(reason) or type(error).__name__
    return ConnectionFailed(f"{place} was not reached: {reason.rstrip('.')}. Check the base URL and the network.")


def _has_invalid_location(error: httpx.RequestError) -> bool:
    return isinstance(error, httpx.RemoteProtocolError) and isinstance(error.__context__, httpx.InvalidURL)


def _check_version(meta: Mapping[str, Any], version: str, response: httpx.Response) -> None:
    spoken = str(meta.get("version"))
    if spoken.partition(".")[0] != version.partition(".")[0]:
        raise UnsupportedVersion(
            f"The server speaks version {spoken} of the API and this package version {version}: "
            "install the package of the server's release.",
            response,
        )


def _is_elsewhere(invocation: Invocation[Any], response: httpx.Response) -> bool:
    """Return whether a 404 is about the operation and not about what it was asked for.

    Without a parameter in the path it always is. If the base URL has a path, a server that does not know the operation
    has counted the request in no bucket.
    """
    if code_of(response) != "NOT_FOUND":
        return False
    has_prefix = response.request.url.raw_path.partition(b"?")[0] != invocation.path.encode()
    return "{" not in invocation.operation.path or (has_prefix and "RateLimit" not in response.headers)


def _not_there(response: httpx.Response) -> UnexpectedResponse:
    return UnexpectedResponse(
        f"{_place(response)} has no {response.request.method} {response.request.url.path}: check the base URL, or use "
        "the package of the server's release.",
        response,
    )


def _place(response: httpx.Response) -> str:
    url = response.request.url
    return f"{url.scheme}://{url.netloc.decode()}"


def not_charter(response: httpx.Response) -> UnexpectedResponse:
    """Return the error for a response that no Charter server sends."""
    kind = (_header(response, "Content-Type") or "no content type").partition(";")[0]
    request = f"{response.request.method} {response.request.url.path}"
    summary = f"{_place(response)} responded to {request} with {response.status_code} and {kind}"
    if target := _header(response, "Location"):
        return UnexpectedResponse(
            f"{summary}, a redirect to {shown_url(target)}: use the base URL of the server itself, or sign in to this "
            "network first.",
            response,
        )
    if response.status_code >= 500 and response.status_code != 511:
        return UnexpectedResponse(f"{summary}: a proxy responded in the place of the server.", response)
    return UnexpectedResponse(
        f"{summary}, which is not from Charter: check the base URL, and whether this network asks you to sign in "
        "first.",
        response,
    )
