"""The session statement as pgbench can repeat it: with a new decision each time, and no name of a variable in it."""

import re

import pytest

from tests.bench.driver import LoadError
from tests.bench.limits import renewed

TOLD = (
    """SELECT id, moment::text FROM json_to_recordset('[{"permission":"account:read","owner":null,"""
    """"decision_id":"01a22f51-6279-744b-bc82-b3d7ff33984c","tags":null}]') AS asked (number integer)"""
)
# What pgbench takes for a variable: a colon that no colon comes before or after, and a letter, a digit or _.
VARIABLE = re.compile(r"(?<!:):(?!:)\w")


def test_each_run_has_a_decision_of_its_own() -> None:
    statement = renewed(TOLD)

    assert "01a22f51-6279-744b-bc82-b3d7ff33984c" not in statement
    assert statement.count("clock_timestamp()") == 1
    assert "::json) AS asked (number integer)" in statement
    assert "moment::text" in statement


def test_pgbench_finds_no_variable_in_it() -> None:
    assert VARIABLE.search(TOLD)
    assert not VARIABLE.search(renewed(TOLD))


def test_a_statement_without_a_decision_is_refused() -> None:
    with pytest.raises(LoadError):
        renewed("SELECT 1")
