"""The settings of the database server, where the defaults of a distribution do not suit Charter."""

from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, ok, skipped, warning
from app.database import run

MIN_BUFFERS_MB = 128

_AUTOVACUUM = "SELECT name FROM pg_settings WHERE name IN ('autovacuum', 'track_counts') AND setting = 'off' ORDER BY 1"
_BUFFERS = "SELECT pg_size_bytes(current_setting('shared_buffers')) / 1048576"
_JIT = "SELECT current_setting('jit') = 'on' AND pg_jit_available(), quote_ident(current_user)"


def autovacuum(_: Deployment) -> Iterator[Verdict]:
    """Check autovacuum: without it, the tables of sessions and counters grow and their query plans become wrong."""
    off = [name for (name,) in run(_AUTOVACUUM)]
    if not off:
        yield ok("on")
        return
    sets = " ".join(f"ALTER SYSTEM SET {name} = 'on';" for name in off)
    yield warning(
        f"off: {', '.join(off)}; tables grow and query plans become wrong",
        f"run as a superuser: {sets} SELECT pg_reload_conf();",
    )


def buffers(deployment: Deployment) -> Iterator[Verdict]:
    """Check the memory for the indexes that every request reads."""
    megabytes = int(run(_BUFFERS)[0][0])
    size = f"shared_buffers is {megabytes} MB"
    if megabytes >= MIN_BUFFERS_MB:
        yield ok(size)
    elif deployment.in_production:
        yield warning(size, f"set it to {MIN_BUFFERS_MB} MB or more, usually a quarter of the memory, and restart")
    else:
        yield skipped(f"{size}, which is enough outside production")


def jit(deployment: Deployment) -> Iterator[Verdict]:
    """Check jit: compiling a statement takes longer than running any of ours."""
    on, role = run(_JIT)[0]
    if not on:
        yield ok("off")
    elif deployment.in_production:
        yield warning(
            "jit is on: compiling a large statement may take longer than running it",
            f"ALTER ROLE {role} SET jit = off;",
        )
    else:
        yield skipped("jit is on, which matters only in production")
