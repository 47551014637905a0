"""The database server: whether it responds, keeps what is committed, and has the right time."""

import time
from collections.abc import Iterator

from app.cli.dependencies import project_parts
from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, failed, ok, skipped, warning
from app.database import bind, run
from app.database import connection as held_connection
from app.database.binding import current_database
from app.factory import pool_size
from app.pipeline.project_parts import ProjectParts
from app.services import clock_offset
from app.spec.document import DocumentError

MIN_VERSION = 15
_STATEMENT_LOG = """
SELECT quote_ident(current_user), current_setting('log_min_error_statement'), current_setting('log_statement'),
       current_setting('log_min_duration_statement'), current_setting('log_error_verbosity')
"""
_LIMITS = """
SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
    (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
    (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())
), pg_backend_pid()
"""


def connection(deployment: Deployment) -> Iterator[Verdict]:
    """Connect, check that the database takes writes, and note whether the tables exist."""
    bind(deployment.config, size=1, limit_statements=True, project_models=_parts().models)
    began = time.perf_counter()
    with held_connection():
        took = (time.perf_counter() - began) * 1000
        read_only, tables = run("""
            SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
                   to_regclass('charter_audit_entries') IS NOT NULL AND to_regclass('sessions') IS NOT NULL
        """)[0]
    if not tables:
        deployment.missing["tables"] = "the tables do not exist"
    if read_only:
        yield failed("it takes no writes: it is a standby, or read-only by default", "set DATABASE_URL to the primary")
    else:
        yield ok(f"connected in {took:.0f} ms")


def version(_: Deployment) -> Iterator[Verdict]:
    """Check the server's version."""
    number, text = run("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version')")[
        0
    ]
    if number < MIN_VERSION:
        yield failed(f"PostgreSQL {text} is too old", f"upgrade to PostgreSQL {MIN_VERSION} or newer")
    else:
        yield ok(f"PostgreSQL {text.split(' ')[0]}")


def encoding(_: Deployment) -> Iterator[Verdict]:
    """Check the encoding: names and addresses may have any character."""
    name = str(run("SELECT current_setting('server_encoding')")[0][0])
    if name == "UTF8":
        yield ok(name)
    else:
        yield failed(
            f"the encoding of the database is {name}; it must be UTF8",
            "dump it, and restore it into one created with: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'",
        )


def durability(deployment: Deployment) -> Iterator[Verdict]:
    """Check that commits survive a crash: a decision is durable before its response is sent (law 4)."""
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if run("SELECT current_setting(%s)", (name,)) == [("off",)]]
    if not off:
        yield ok(f"{', '.join(names)} are on")
        return
    verdict = failed if deployment.in_production else warning
    yield verdict(
        f"off: {', '.join(off)}; a crash loses work whose response was sent",
        "run as a superuser: "
        + " ".join(f"ALTER SYSTEM SET {name} = 'on';" for name in off)
        + " SELECT pg_reload_conf();"
        " and check that neither the role nor the database sets them to off",
    )


def statement_log(deployment: Deployment) -> Iterator[Verdict]:
    """Check that the server's log has no values of statements, such as password hashes (law 10)."""
    role, errors, kinds, duration, verbosity = run(_STATEMENT_LOG)[0]
    settings = {
        "log_min_error_statement": ("panic", errors not in ("fatal", "panic", "log")),
        "log_statement": ("none", kinds in ("mod", "all")),
        "log_min_duration_statement": ("-1", duration != "-1"),
        # The detail of an error repeats the row that was rejected.
        "log_error_verbosity": ("terse", verbosity != "terse"),
    }
    fixes = [
        f"ALTER ROLE {role} SET {name} = '{value}';" for name, (value, logs_values) in settings.items() if logs_values
    ]
    if not fixes:
        yield ok("the server's log has no values of statements")
    elif deployment.in_production:
        yield warning(
            "the server's log may have password hashes and addresses", "run as a superuser: " + " ".join(fixes)
        )
    else:
        yield skipped("only the log of production matters")


def clock(_: Deployment) -> Iterator[Verdict]:
    """Compare this machine's clock with the database's, as precisely as half a round trip."""
    offset = clock_offset.measure()
    ahead = offset.seconds
    difference = f"the database is {abs(ahead):.3f} s {'behind' if ahead > 0 else 'ahead of'} this machine"
    if offset.certain > clock_offset.HARMFUL_SECONDS:
        yield failed(f"{difference}: servers reject each other's access tokens", "synchronise both clocks (NTP)")
    elif offset.certain > clock_offset.NOTABLE_SECONDS:
        yield warning(f"{difference}: access tokens expire by this machine's clock", "synchronise both clocks (NTP)")
    else:
        yield ok(difference)


def connections(deployment: Deployment) -> Iterator[Verdict]:
    """Compare the connections that the workers may open with those that the server allows.

    A pooler in front is recognised by the process number of its connection.
    """
    with held_connection():
        allowed, number = run(_LIMITS)[0]
        pooled = current_database().state.conn.info.backend_pid != number
    workers, each = deployment.config.workers, pool_size(deployment.config, chores=len(_parts().chores))
    limits = f"the workers may open {workers} x {each} connections, and the server allows {allowed}"
    if pooled:
        yield ok(f"{limits}; a pooler is in front, and its own limits count")
    elif workers * each > allowed:
        yield warning(
            limits,
            "raise max_connections or the role's limit, lower WORKERS or WORKER_THREADS, or put PgBouncer in front",
        )
    else:
        yield ok(limits)


def extensions(deployment: Deployment) -> Iterator[Verdict]:
    """Check for pg_stat_statements; Charter needs no extension, but this one helps when queries are slow."""
    exists, loaded = run("""
        SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'),
               current_setting('pg_stat_statements.max', true) IS NOT NULL
    """)[0]
    if exists and loaded:
        yield ok("pg_stat_statements is loaded; no other extension is needed")
    elif not deployment.in_production:
        yield skipped("pg_stat_statements matters only in production; no other extension is needed")
    else:
        yield warning(
            f"pg_stat_statements is not {'loaded' if exists else 'created'}: nothing records which statements are slow",
            "as a superuser, add it to shared_preload_libraries, restart, and CREATE EXTENSION IF NOT EXISTS "
            "pg_stat_statements;",
        )


def _parts() -> ProjectParts:
    """Return what the code of the project adds; nothing if it is wrong, which the checks of the document tell."""
    try:
        return project_parts()
    except DocumentError:
        return ProjectParts()
