"""The meaning of a driver error: the database is unavailable, the statement is wrong, or a retry may succeed."""

from typing import TypeGuard

import peewee
import psycopg2
from psycopg2.extensions import connection as DriverConnection
from psycopg2.extensions import parse_dsn

from app.errors import Unavailable

LOCK_TIMEOUT = "55P03"
INSUFFICIENT_PRIVILEGE = "42501"
_STANDBY = "25006"

# The server rejects work that it may accept later (PostgreSQL manual, appendix A): connection exceptions, resources
# exhausted (disk full, too many connections), operator intervention (shutdown, statement timeout), timeouts inside a
# transaction, and a write sent to a standby.
_UNAVAILABLE_CLASSES = ("08", "53", "57")
_UNAVAILABLE = {_STANDBY, "25P03", "25P04", LOCK_TIMEOUT}
_RETRYABLE = {"40001", "40P01"}
# A column, a table.
_UNDEFINED = {"42703", "42P01"}


class StatementTimeout(psycopg2.OperationalError):
    """The server did not answer in time, and the connection was closed."""


class DeadlineExceeded(StatementTimeout):
    """The deadline of the request passed before the server answered."""


class PoolTimeout(Exception):
    """No connection became free in time."""


def is_unavailable(error: Exception) -> bool:
    """Return whether the database is unavailable now; if not, the statement is wrong."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, psycopg2.Error):
        return False
    code = error.pgcode
    if code is None:
        return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return code[:2] in _UNAVAILABLE_CLASSES or code in _UNAVAILABLE


def is_disconnect(error: Exception, conn: DriverConnection) -> bool:
    """Return whether the connection cannot be used any more: it is lost, closed, or its server became a standby."""
    return bool(conn.closed) or isinstance(error, StatementTimeout) or getattr(error, "pgcode", None) == _STANDBY


def is_retryable(error: BaseException) -> bool:
    """Return whether the whole transaction may succeed when it is repeated: serialization failure or deadlock."""
    return getattr(error.__cause__, "pgcode", None) in _RETRYABLE


def is_outdated(error: BaseException | None) -> TypeGuard[peewee.DatabaseError]:
    """Return whether a statement names a table or a column that the database does not have."""
    return isinstance(error, peewee.DatabaseError) and getattr(error.__cause__, "pgcode", None) in _UNDEFINED


def translate(error: Exception) -> Exception:
    """Return the error to raise for a driver error: Unavailable, or Peewee's error of the same name.

    Raise it from the driver error, which has the SQLSTATE as `pgcode`.
    """
    if isinstance(error, DeadlineExceeded):
        return Unavailable(reason="deadline")
    if is_unavailable(error):
        reason = "lock_timeout" if getattr(error, "pgcode", None) == LOCK_TIMEOUT else "database"
        return Unavailable(reason=reason)
    for kind in type(error).__mro__:
        of_peewee = getattr(peewee, kind.__name__, None)
        if isinstance(of_peewee, type) and issubclass(of_peewee, peewee.PeeweeException):
            return of_peewee(*error.args)
    return error


def lacks_connect_privilege(error: BaseException) -> bool:
    """Return whether the server rejected the connection because the role lacks the CONNECT privilege."""
    return "permission denied for database" in str(_root(error))


def explain_error(error: BaseException, url: str) -> str:
    """Return one line that explains to people why there is no connection, and what to do.

    Args:
        error: the exception of the pool or the driver.
        url: the DATABASE_URL; its password is left out.
    """
    cause = _root(error)
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [type(cause).__name__]
    reasons = [line for line in lines if " failed: " in line] or lines
    detail = reasons[-1].rpartition(" failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
    password = _parts(url).get("password")
    if password:
        detail = detail.replace(password, "***")
    # If the URL names no user, libpq uses the name of the account, and the account of a container may have none.
    fix = "name a user in DATABASE_URL" if "local user with ID" in detail else "start it or set DATABASE_URL"
    if lacks_connect_privilege(error):
        database, role = (_quoted(_parts(url).get(part, "")) for part in ("dbname", "user"))
        fix = f"as the owner of the database: GRANT CONNECT ON DATABASE {database} TO {role};"
    return f"cannot reach PostgreSQL at {_location(url)} ({detail}); {fix}"


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _location(url: str) -> str:
    parts = _parts(url)
    return f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}".rstrip("/")


def _parts(url: str) -> dict[str, str]:
    try:
        return dict(parse_dsn(url))
    except psycopg2.ProgrammingError:
        return {}
