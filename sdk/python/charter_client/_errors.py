"""What a call can raise, apart from the class of each error code, which is generated into errors.py."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import httpx


class CharterError(Exception):
    """The parent of everything that a call raises on purpose."""


class ConnectionFailed(CharterError):
    """The server was not reached, or the connection broke before the response was complete."""


class TimedOut(CharterError):
    """The server did not respond in time. Whether it carried out the request is not known."""


def _without_request_headers(response: httpx.Response) -> httpx.Response:
    """Return a response that can leave the process: without the headers of its request, which have the token."""
    kept = [(name, value) for name, value in response.headers.multi_items() if name.lower() != "content-encoding"]
    request = httpx.Request(response.request.method, response.request.url)
    return httpx.Response(response.status_code, headers=kept, content=response.content, request=request)


class UnexpectedResponse(CharterError):
    """What responded is not a Charter server, or a proxy responded in its place.

    Attributes:
        status: the HTTP status.
        response: the response, as httpx has it.
    """

    def __init__(self, message: str, response: httpx.Response) -> None:
        super().__init__(message)
        self.status = response.status_code
        self.response = response

    def __reduce__(self) -> tuple[object, ...]:
        """Return what pickle and copy make an equal error of."""
        return type(self), (str(self), _without_request_headers(self.response))


class UnsupportedVersion(UnexpectedResponse):
    """The server speaks another major version of the API than this package."""


class ListTooLong(CharterError):
    """A list has more entries than can be reached by an offset. Read it with filters."""


class SessionChanged(CharterError):
    """Somebody signed in or out while an iterator or an update was at work. What was left of it was not sent."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One error of a response.

    Attributes:
        code: for programs; its meaning does not change.
        message: for people; it may change at any time.
        field: the part of the request that caused it, such as `profile.display_name`; None for the whole request.
    """

    code: str
    message: str
    field: str | None


class ResponseError(CharterError):
    """The server refused the request. Each error code has a class of its own; a code of a newer server has this one.

    Attributes:
        status: the HTTP status.
        code: the code of the first error.
        message: the message of the first error, for people.
        field: what the first error is about; None if it is about the whole request.
        errors: all errors.
        request_id: identifies the request in the logs and in the audit trail of the server.
        retry_after: how many seconds the server asks to wait before the next attempt; None if it does not say.
        response: the response, as httpx has it.
    """

    code_name: ClassVar[str] = ""

    def __init__(
        self, response: httpx.Response, errors: Sequence[Problem], request_id: str, retry_after: float | None
    ) -> None:
        first = errors[0]
        about = f" ({first.field})" if first.field else ""
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        super().__init__(
            f"{response.status_code} {first.code}{about}: {first.message.rstrip('.')}{more}. Request {request_id}."
        )
        self.response = response
        self.status = response.status_code
        self.code = first.code
        self.message = first.message
        self.field = first.field
        self.errors = tuple(errors)
        self.request_id = request_id
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[object, ...]:
        """Return what pickle and copy make an equal error of."""
        return type(self), (_without_request_headers(self.response), self.errors, self.request_id, self.retry_after)
