"""How the limits of the bench let pgbench run the session statement: each call makes a decision of its own."""

import pytest

from tests.bench.driver import LoadError
from tests.bench.limits import renewed

SESSION = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
DECISION = "01a22e68-53e5-7253-8d73-e8f9b9de9f70"


def test_the_newest_id_of_a_session_statement_is_made_by_postgresql() -> None:
    statement = renewed(f"SELECT decide_call(NULL, '{SESSION}'::uuid, '{DECISION}'::uuid, 'get_me')")

    assert DECISION not in statement
    assert f"'{SESSION}'::uuid" in statement
    assert "clock_timestamp()" in statement


def test_no_text_of_the_statement_is_a_variable_of_pgbench() -> None:
    statement = renewed(f"SELECT decide_call('{DECISION}'::uuid, ARRAY['account:read'])")

    assert "ARRAY['account'||chr(58)||'read']" in statement


def test_a_statement_without_an_id_is_refused() -> None:
    with pytest.raises(LoadError, match="the id of the decision is not in the session statement: SELECT 1"):
        renewed("SELECT 1")
