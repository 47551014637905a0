"""Exceptions that end more than a request, such as SystemExit: raised by code that serves, they become ordinary errors.

`except Exception` does not catch them, and asyncio treats some of them as its own. A signal to stop is left alone.
"""

import threading


class StopSignal(BaseException):
    """The process got a signal to stop, and its handler raised this."""


class UnexpectedExit(Exception):
    """Code raised what ends a thread, a task or the process; its cause says what and where."""


def is_of_a_signal(error: BaseException) -> bool:
    """Return whether a signal may have raised this: only the main thread handles signals."""
    return isinstance(error, StopSignal | KeyboardInterrupt) and threading.current_thread() is threading.main_thread()


def as_error(error: BaseException) -> Exception:
    """Return an error that `except Exception` catches and that asyncio passes on; most errors are one already."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    unexpected = UnexpectedExit(f"{type(error).__name__} was raised: {error}".rstrip(": "))
    unexpected.__cause__ = error
    return unexpected
