"""What a run of the contract kit might leave in a database, besides the audit trail."""

from typing import Any

from app.database import run


def left() -> list[Any]:
    """Return accounts, open sessions, roles and settings of runs."""
    accounts = run("SELECT email FROM users WHERE email LIKE '%%contract-kit.example.com'")
    sessions = run("SELECT id FROM sessions WHERE ended_at IS NULL AND user_agent LIKE 'charter-contract%%'")
    return [*accounts, *sessions, *run("SELECT name FROM roles WHERE NOT built_in"), *run("SELECT key FROM settings")]
