"""The warning about a slow query."""

import structlog

MAX_STATEMENT_LENGTH = 500

log = structlog.get_logger("charter.database")


def log_slow_query(sql: str, ms: float) -> None:
    """Log a warning with the text of a statement, on one line and without its parameters (law 10).

    Args:
        sql: the statement with placeholders.
        ms: the milliseconds it took.
    """
    log.warning("slow_query", ms=round(ms, 1), statement=" ".join(sql.split())[:MAX_STATEMENT_LENGTH])
