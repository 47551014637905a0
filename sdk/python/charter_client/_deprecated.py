"""Warns where a deprecated operation is called. Type checkers read `typing_extensions.deprecated` in its place."""

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


def deprecated(message: str) -> Callable[[F], F]:
    """Return a decorator that warns with a DeprecationWarning, at the line of the caller, before the call.

    An asynchronous function warns when it is called, not when it is awaited: then its caller may be the event loop.
    """

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def warned(*arguments: Any, **named: Any) -> Any:
            warnings.warn(message, DeprecationWarning, stacklevel=2)
            return function(*arguments, **named)

        mark: Callable[[Any], Any] | None = getattr(inspect, "markcoroutinefunction", None)  # since Python 3.12
        if mark is not None and inspect.iscoroutinefunction(function):
            mark(warned)
        return cast("F", warned)

    return decorate
