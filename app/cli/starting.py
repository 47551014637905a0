"""The beginning and the end of the start of a process that serves.

A start makes hundreds of thousands of objects that live as long as the process. Looking for garbage among them would
take a tenth of the start, and later a tenth of a second in the middle of a request.
"""

import ctypes
import gc
from contextlib import suppress

from app.libraries import OF_COMMANDS, OF_SERVERS, import_libraries

_M_ARENA_MAX = -8  # of malloc.h


def begin() -> None:
    """Import the libraries of every command, before anything else does; collect no garbage until `end`.

    Whatever frees memory then, the next to need some gets it: by default, each thread has an arena of its own.
    """
    gc.disable()
    with suppress(AttributeError, OSError):  # only the GNU library has it
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
    import_libraries(OF_COMMANDS)


def begin_worker() -> None:
    """Begin with the libraries of a server, too: nothing else has to be started first."""
    begin()
    import_libraries(OF_SERVERS)


def end() -> None:
    """Collect the garbage of requests from now on, and return the memory that the start no longer needs."""
    from app.spec.validation import schemas

    schemas.forget()
    gc.freeze()
    gc.enable()
    with suppress(AttributeError, OSError):  # only the GNU library has it
        ctypes.CDLL(None).malloc_trim(0)
