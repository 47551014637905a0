"""How the database server is set up, where the defaults of a distribution are not what Charter would choose."""

from collections.abc import Iterator

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, ok, skipped, warning
from app.database import run

LEAST_BUFFERS_MB = 128

_AUTOVACUUM = "SELECT name FROM pg_settings WHERE name IN ('autovacuum', 'track_counts') AND setting = 'off' ORDER BY 1"
_BUFFERS = "SELECT pg_size_bytes(current_setting('shared_buffers')) / 1048576"
_JIT = "SELECT current_setting('jit') = 'on' AND pg_jit_available(), quote_ident(current_user)"


def autovacuum(_: Deployment) -> Iterator[Verdict]:
    """Sessions and counters change all the time: without vacuum their tables grow and their plans become wrong."""
    off = [name for (name,) in run(_AUTOVACUUM)]
    if not off:
        yield ok("on")
        return
    sets = " ".join(f"ALTER SYSTEM SET {name} = 'on';" for name in off)
    yield warning(
        f"off: {', '.join(off)}; tables grow and plans become wrong", f"as a superuser: {sets} SELECT pg_reload_conf();"
    )


def buffers(deployment: Deployment) -> Iterator[Verdict]:
    """The indexes that every request reads should fit."""
    megabytes = int(run(_BUFFERS)[0][0])
    found = f"shared_buffers is {megabytes} MB"
    if megabytes >= LEAST_BUFFERS_MB:
        yield ok(found)
    elif deployment.in_production:
        yield warning(found, f"set it to {LEAST_BUFFERS_MB} MB or more, usually a quarter of the memory, and restart")
    else:
        yield skipped(f"{found}, which is enough outside production")


def jit(deployment: Deployment) -> Iterator[Verdict]:
    """Compiling a statement takes longer than any of ours runs."""
    on, role = run(_JIT)[0]
    if not on:
        yield ok("off")
    elif deployment.in_production:
        yield warning(
            "jit is on: a large statement may be compiled for longer than it runs", f"ALTER ROLE {role} SET jit = off;"
        )
    else:
        yield skipped("jit is on, which matters in production")
