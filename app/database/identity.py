"""The identity of the database."""

import hashlib

from app.database.binding import current_database
from app.database.statements import run

_IDENTITY = """
SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()
"""


def database_id() -> str:
    """Return 16 characters that identify this database among all others; they are queried once for each process.

    They do not depend on the address or the pooler. A dump that is restored elsewhere has other ones.

    Raises:
        Unavailable: as `run`.
    """
    database = current_database()
    if not database.identity:
        server, number = run(_IDENTITY, retry_on_disconnect=True)[0]
        database.identity = hashlib.sha256(f"{server}/{number}".encode()).hexdigest()[:16]
    return database.identity
