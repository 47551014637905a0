"""PostgreSQL plans the statements inside hot functions once for a connection, and not each time they are called."""

import json
from typing import Any

import pytest

from app.database import Database, connection, run
from app.identifiers import new_id
from tests.people import make_crowd

# Reports the plan of each statement inside a function to the client.
REPORT = """
LOAD 'auto_explain';
SET auto_explain.log_min_duration = 0;
SET auto_explain.log_nested_statements = on;
SET client_min_messages = log
"""
QUIET = "RESET client_min_messages; RESET auto_explain.log_min_duration; RESET auto_explain.log_nested_statements"
FIRST_CALLS = 6  # for so many, PostgreSQL plans each one, and compares
ONE = new_id()


@pytest.mark.parametrize(
    ("statement", "parameters", "inside"),
    [
        ("SELECT * FROM charter_users(%s::uuid[])", ([str(ONE)],), "user_profiles p ON p.user_id = u.id"),
        ("SELECT * FROM charter_newest_users(NULL, NULL, NULL, NULL, 0, 20)", (), "SELECT u.id FROM ("),
        ("SELECT charter_is_pending(%s)", (["user:1"],), "FROM pending_invalidations"),
        ("SELECT * FROM rotate_refresh_token(%s, 1, 'k', 'k', '15 s', '30 d', now())", (ONE,), "WITH found AS"),
        (
            "SELECT * FROM charter_refresh_sessions(%s::json, 'k', '15 s', '30 d', 'session.refreshed')",
            (json.dumps([{"session_id": ONE, "user_id": ONE, "generation": 1, "token_key_id": "k"}], default=str),),
            "WITH held AS",
        ),
        (
            "SELECT FROM charter_decide_request(now(), %s, %s, 'x', NULL, NULL, %s, 'r', 'a', NULL, NULL, %s, '', '')",
            (ONE, ONE, ONE, ONE),
            "WITH caller AS",
        ),
    ],
)
def test_the_plan_of_a_hot_function_is_kept(
    database: Database, statement: str, parameters: tuple[Any, ...], inside: str
) -> None:
    make_crowd(3000)  # with few rows, any plan is as good as another
    run("ANALYZE user_profiles")
    with connection():
        for _ in range(FIRST_CALLS):
            run(statement, parameters)
        notices = database.state.conn.notices
        run(REPORT)
        del notices[:]
        run(statement, parameters)
        run(QUIET)

    [plan] = [notice.partition("Plan:")[2] or notice for notice in notices if inside in notice]
    conditions = [line.strip() for line in plan.splitlines() if "Cond:" in line or "Filter:" in line]
    assert any("$" in line for line in conditions), plan
    assert not any(str(ONE) in line or "user:1" in line for line in conditions), "one for these would contain them"
