"""Changes that are made to the version that was read, and made again when another one came in between."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeVar

from charter_client._errors import ResponseError
from charter_client._responses import Response


class _Model(Protocol):
    def to_dict(self) -> dict[str, Any]: ...


M = TypeVar("M", bound=_Model)

ATTEMPTS = 5


def _body(current: _Model, changes: Mapping[str, object], whole: tuple[str, ...]) -> dict[str, object]:
    known = current.to_dict() if whole else {}
    return {**{name: known[name] for name in whole}, **changes}


def _is_outrun(error: ResponseError, attempt: int) -> bool:
    return error.code == "PRECONDITION_FAILED" and attempt < ATTEMPTS - 1


def update(
    fetch: Callable[[], Response[M]],
    change: Callable[[M], Mapping[str, object]],
    write: Callable[[dict[str, object], str | None], M],
    whole: tuple[str, ...] = (),
) -> M:
    """Read a resource, and write what a function changes of it.

    Args:
        change: returns the changed properties; it is called again for each version it is applied to.
        write: takes the body and the version that it is for.
        whole: the properties of the body, if the operation replaces all of them.
    """
    for attempt in range(ATTEMPTS):
        current = fetch()
        changes = change(current.data)
        if not changes:
            return current.data
        try:
            return write(_body(current.data, changes, whole), current.etag)
        except ResponseError as error:
            if not _is_outrun(error, attempt):
                raise
    raise AssertionError


async def aupdate(
    fetch: Callable[[], Awaitable[Response[M]]],
    change: Callable[[M], Mapping[str, object]],
    write: Callable[[dict[str, object], str | None], Awaitable[M]],
    whole: tuple[str, ...] = (),
) -> M:
    """Read a resource, and write what a function changes of it; see `update`."""
    for attempt in range(ATTEMPTS):
        current = await fetch()
        changes = change(current.data)
        if not changes:
            return current.data
        try:
            return await write(_body(current.data, changes, whole), current.etag)
        except ResponseError as error:
            if not _is_outrun(error, attempt):
                raise
    raise AssertionError
