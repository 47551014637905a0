"""The warning about a slow query."""

import structlog

from app.database import jobs

MAX_STATEMENT_LENGTH = 500

log = structlog.get_logger("charter.database")


def log_slow_query(sql: str, ms: float) -> None:
    """Log a warning with the text of a statement, on one line and without its parameters (law 10).

    Args:
        sql: the statement with placeholders.
        ms: the milliseconds it took.
    """
    log.warning("slow_query", ms=round(ms, 1), statement=" ".join(sql.split())[:MAX_STATEMENT_LENGTH])


def log_slow_query_of_the_team(sql: str, ms: float) -> None:
    """As `log_slow_query`, but only for requests and chores.

    Migrations, the checks of a start and background tasks are Charter's own. Who develops a project cannot make
    them faster, and on a busy machine the first start is full of them.
    """
    job = jobs.current()
    if job is not None and job.request_id != jobs.BACKGROUND:
        log_slow_query(sql, ms)
