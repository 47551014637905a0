"""Which database this is."""

import hashlib

from app.database.binding import bound
from app.database.statements import run

_WHICH = """
SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()
"""


def identity() -> str:
    """Return 16 characters that tell this database from any other, on this server or elsewhere; it is asked once.

    By whatever address or pooler it is reached, they are the same; a dump restored elsewhere has others.

    Raises:
        Unavailable: as `run`.
    """
    database = bound()
    if not database.identity:
        server, number = run(_WHICH, again=True)[0]
        database.identity = hashlib.sha256(f"{server}/{number}".encode()).hexdigest()[:16]
    return database.identity
