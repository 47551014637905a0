"""Which database this is."""

import hashlib

from app.database.work import run

_WHICH = """
SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()
"""


def identity() -> str:
    """Return 16 characters that tell this database from any other, on this server or elsewhere.

    By whatever address or pooler it is reached, they are the same; a dump restored elsewhere has others.

    Raises:
        Unavailable: as `run`.
    """
    server, database = run(_WHICH, again=True)[0]
    return hashlib.sha256(f"{server}/{database}".encode()).hexdigest()[:16]
