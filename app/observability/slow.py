"""The warning about a slow query."""

import structlog

LONGEST = 500

log = structlog.get_logger("charter.database")


def log_slow_query(sql: str, ms: float) -> None:
    """Write a warning with a statement's text, its white space folded; its parameters stay unsaid (law 10).

    Args:
        sql: the statement with placeholders.
        ms: how long it took.
    """
    log.warning("slow_query", ms=round(ms, 1), statement=" ".join(sql.split())[:LONGEST])
