"""What an error of the driver means: the database is away, the statement is wrong, or it is worth another try."""

import peewee
import psycopg2
from psycopg2.extensions import connection as DriverConnection
from psycopg2.extensions import parse_dsn

from app.errors import Unavailable

LOCK_TIMEOUT = "55P03"
INSUFFICIENT_PRIVILEGE = "42501"
_STANDBY = "25006"

# The server refuses work that it may take later (PostgreSQL manual, appendix A): connection exceptions, resources
# exhausted (disk full, too many connections), operator intervention (shutdown, statement timeout), timeouts inside a
# transaction, and a write sent to a standby.
_AWAY_CLASSES = ("08", "53", "57")
_AWAY = {_STANDBY, "25P03", "25P04", LOCK_TIMEOUT}
_AGAIN = {"40001", "40P01"}


class Overdue(psycopg2.OperationalError):
    """The server did not answer in time, and the connection was cut off."""


class Late(Overdue):
    """The request's deadline passed before the server answered."""


class PoolExhausted(Exception):
    """No connection came free in time."""


def is_away(error: Exception) -> bool:
    """Say whether the error means that the database cannot work now, rather than that the statement is wrong."""
    if isinstance(error, PoolExhausted):
        return True
    if not isinstance(error, psycopg2.Error):
        return False
    code = error.pgcode
    if code is None:
        return isinstance(error, psycopg2.OperationalError | psycopg2.InterfaceError)
    return code[:2] in _AWAY_CLASSES or code in _AWAY


def is_broken(error: Exception, conn: DriverConnection) -> bool:
    """Say whether the connection is of no more use: lost, cut off, or to a server that has turned standby."""
    return bool(conn.closed) or isinstance(error, Overdue) or getattr(error, "pgcode", None) == _STANDBY


def is_worth_repeating(error: BaseException) -> bool:
    """Say whether the whole transaction may succeed when repeated: serialization failure or deadlock."""
    return getattr(error.__cause__, "pgcode", None) in _AGAIN


def translated(error: Exception) -> Exception:
    """Return what callers get to see for a driver's error: Unavailable, or Peewee's error of the same name.

    The driver's error is the `__cause__` of what the caller raises, and has the SQLSTATE as `pgcode`.
    """
    if isinstance(error, Late):
        return Unavailable(reason="deadline")
    if is_away(error):
        reason = "lock_timeout" if getattr(error, "pgcode", None) == LOCK_TIMEOUT else "database"
        return Unavailable(reason=reason)
    for kind in type(error).__mro__:
        ours = getattr(peewee, kind.__name__, None)
        if isinstance(ours, type) and issubclass(ours, peewee.PeeweeException):
            return ours(*error.args)
    return error


def lacks_connect(error: BaseException) -> bool:
    """Say whether the server refused a connection because the role may not use the database."""
    return "permission denied for database" in str(_root(error))


def explain(error: BaseException, url: str) -> str:
    """Return one line for people on why there is no connection, and what to do.

    Args:
        error: what the pool or the driver raised.
        url: the DATABASE_URL; its password stays out of the line.
    """
    cause = _root(error)
    lines = [line.strip() for line in str(cause).splitlines() if line.strip()] or [type(cause).__name__]
    told = [line for line in lines if " failed: " in line] or lines
    detail = told[-1].rpartition(" failed: ")[2].removeprefix("FATAL:").strip().rstrip(".")
    password = _parts(url).get("password")
    if password:
        detail = detail.replace(password, "***")
    # Where the URL names no user the account's name is taken, and a container's account may have none.
    fix = "name a user in DATABASE_URL" if "local user with ID" in detail else "start it or set DATABASE_URL"
    if lacks_connect(error):
        database, role = (_quoted(_parts(url).get(part, "")) for part in ("dbname", "user"))
        fix = f"as the owner of the database: GRANT CONNECT ON DATABASE {database} TO {role};"
    return f"cannot reach PostgreSQL at {_place(url)} ({detail}); {fix}"


def _root(error: BaseException) -> BaseException:
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _place(url: str) -> str:
    parts = _parts(url)
    return f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}".rstrip("/")


def _parts(url: str) -> dict[str, str]:
    try:
        return dict(parse_dsn(url))
    except psycopg2.ProgrammingError:
        return {}
