"""The database server: whether it is there, can keep what it is given, and agrees on the time."""

import time
from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, failed, ok, skipped, warning
from app.database import bind, run
from app.database import connection as held_connection
from app.database.binding import current_database
from app.factory import pool_size
from app.services import clock_offset

LEAST_VERSION = 15
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
    """Connect, ask whether writes are taken, and note whether the tables are there."""
    bind(deployment.config, size=1, limit_statements=True)
    began = time.perf_counter()
    with held_connection():
        took = (time.perf_counter() - began) * 1000
        read_only, tables = run("""
            SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
                   to_regclass('audit_events') IS NOT NULL AND to_regclass('sessions') IS NOT NULL
        """)[0]
    if not tables:
        deployment.missing["tables"] = "the tables have not been made"
    if read_only:
        yield failed("it takes no writes: a standby, or read-only by default", "set DATABASE_URL to the primary")
    else:
        yield ok(f"connected in {took:.0f} ms")


def version(_: Deployment) -> Iterator[Verdict]:
    """Tell the server's version."""
    number, text = run("SELECT current_setting('server_version_num')::int / 10000, current_setting('server_version')")[
        0
    ]
    if number < LEAST_VERSION:
        yield failed(f"PostgreSQL {text} is too old", f"upgrade it to PostgreSQL {LEAST_VERSION} or newer")
    else:
        yield ok(f"PostgreSQL {text.split(' ')[0]}")


def encoding(_: Deployment) -> Iterator[Verdict]:
    """Names and addresses may hold any character."""
    found = str(run("SELECT current_setting('server_encoding')")[0][0])
    if found == "UTF8":
        yield ok(found)
    else:
        yield failed(
            f"the database's encoding is {found}",
            "dump it, and restore it into one made with: CREATE DATABASE … TEMPLATE template0 ENCODING 'UTF8'",
        )


def durability(deployment: Deployment) -> Iterator[Verdict]:
    """What was answered must survive a crash: a decision is durable before its answer leaves (law 4)."""
    names = ("fsync", "full_page_writes", "synchronous_commit")
    off = [name for name in names if run("SELECT current_setting(%s)", (name,)) == [("off",)]]
    if not off:
        yield ok(f"{', '.join(names)} are on")
        return
    tell = failed if deployment.in_production else warning
    yield tell(
        f"off: {', '.join(off)}; a crash loses what was answered for",
        "as a superuser: " + " ".join(f"ALTER SYSTEM SET {name} = 'on';" for name in off) + " SELECT pg_reload_conf();"
        " and see that neither role nor database say otherwise",
    )


def statement_log(deployment: Deployment) -> Iterator[Verdict]:
    """What the server logs of a statement holds its values, a password's hash among them (law 10)."""
    role, errors, kinds, duration, verbosity = run(_STATEMENT_LOG)[0]
    telling = {
        "log_min_error_statement": ("panic", errors not in ("fatal", "panic", "log")),
        "log_statement": ("none", kinds in ("mod", "all")),
        "log_min_duration_statement": ("-1", duration != "-1"),
        # The detail of an error repeats the row that was refused.
        "log_error_verbosity": ("terse", verbosity != "terse"),
    }
    fixes = [f"ALTER ROLE {role} SET {name} = '{value}';" for name, (value, tells) in telling.items() if tells]
    if not fixes:
        yield ok("holds no values of statements")
    elif deployment.in_production:
        yield warning("the server's log may hold password hashes and addresses", "as a superuser: " + " ".join(fixes))
    else:
        yield skipped("only production's log matters")


def clock(_: Deployment) -> Iterator[Verdict]:
    """Compare this machine's clock with the database's; half the round trip is in doubt."""
    offset = clock_offset.measure()
    ahead = offset.seconds
    found = f"the database is {abs(ahead):.3f} s {'behind' if ahead > 0 else 'ahead of'} this machine"
    if offset.certain > clock_offset.HARMFUL_SECONDS:
        yield failed(f"{found}: servers refuse each other's access tokens", "synchronise both clocks (NTP)")
    elif offset.certain > clock_offset.NOTABLE_SECONDS:
        yield warning(f"{found}: access tokens end by this machine's clock", "synchronise both clocks (NTP)")
    else:
        yield ok(found)


def connections(deployment: Deployment) -> Iterator[Verdict]:
    """Compare what the workers may open with what the server allows; a pooler in front is told apart by its number."""
    with held_connection():
        allowed, number = run(_LIMITS)[0]
        pooled = current_database().state.conn.info.backend_pid != number
    workers, each = deployment.config.workers, pool_size(deployment.config)
    found = f"{workers} x {each} may be opened here, {allowed} are allowed"
    if pooled:
        yield ok(f"{found}; a pooler stands in front, whose own limits count")
    elif workers * each > allowed:
        yield warning(
            found, "raise max_connections or the role's limit, lower WORKERS or WORKER_THREADS, or put PgBouncer before"
        )
    else:
        yield ok(found)


def extensions(deployment: Deployment) -> Iterator[Verdict]:
    """Nothing is required; one is missed when queries are slow."""
    made, loaded = run("""
        SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'),
               current_setting('pg_stat_statements.max', true) IS NOT NULL
    """)[0]
    if made and loaded:
        yield ok("pg_stat_statements is there; nothing else is asked for")
    elif not deployment.in_production:
        yield skipped("pg_stat_statements is only looked for in production; nothing else is asked for")
    else:
        yield warning(
            f"pg_stat_statements is not {'loaded' if made else 'there'}: nobody can tell which statements are slow",
            "as a superuser: add it to shared_preload_libraries, restart, and CREATE EXTENSION IF NOT EXISTS "
            "pg_stat_statements;",
        )
