"""Changes that are made to the version that was read, and made again when another one came in between."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from charter_client._errors import ResponseError, UnexpectedResponse
from charter_client._responses import Response


class _Model(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


M = TypeVar("M", bound=_Model)

ATTEMPTS = 5


def _body(current: _Model, changes: Mapping[str, object], whole: tuple[str, ...]) -> dict[str, object]:
    known = current.to_dict() if whole else {}
    return {**{name: known[name] for name in whole}, **changes}


def _version(current: Response[Any]) -> str:
    if not current.etag:
        raise UnexpectedResponse(
            "The response has no ETag, so an update could overwrite another change: check the proxy.", current.raw
        )
    return current.etag


def _is_outrun(error: ResponseError, attempt: int) -> bool:
    return error.code == "PRECONDITION_FAILED" and attempt < ATTEMPTS - 1


def update(
    fetch: Callable[[], Response[M]],
    change: Callable[[M], Mapping[str, object]],
    write: Callable[[dict[str, object], str], M],
    whole: tuple[str, ...] = (),
) -> M:
    """Read a resource, and write what a function changes of it.

    Args:
        change: returns the changed properties; it is called again for each version it is applied to.
        write: takes the body and the version that it is for.
        whole: the properties of the body, if the operation replaces all of them.

    Raises:
        UnexpectedResponse: a proxy removed the version from the response.
    """
    for attempt in range(ATTEMPTS):
        current = fetch()
        changes = change(current.data)
        if not changes:
            return current.data
        version = _version(current)
        try:
            return write(_body(current.data, changes, whole), version)
        except ResponseError as error:
            if not _is_outrun(error, attempt):
                raise
    raise AssertionError


async def aupdate(
    fetch: Callable[[], Awaitable[Response[M]]],
    change: Callable[[M], Mapping[str, object]],
    write: Callable[[dict[str, object], str], Awaitable[M]],
    whole: tuple[str, ...] = (),
) -> M:
    """Read a resource, and write what a function changes of it; see `update`."""
    for attempt in range(ATTEMPTS):
        current = await fetch()
        changes = change(current.data)
        if not changes:
            return current.data
        version = _version(current)
        try:
            return await write(_body(current.data, changes, whole), version)
        except ResponseError as error:
            if not _is_outrun(error, attempt):
                raise
    raise AssertionError
