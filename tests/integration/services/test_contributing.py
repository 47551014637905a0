"""The examples of docs/contributing.md, *Models or SQL*, run as they stand on the page."""

import re
from datetime import UTC, datetime

import pytest
from peewee import SQL, fn

from app.database import Database
from charter import fetch, fetch_one
from models import Role, RolePermission
from tests.house.repository import ROOT
from tests.people import make_role

SECTION = re.compile(r"^## Models or SQL\n(.*?)^## ", re.MULTILINE | re.DOTALL)


def test_the_examples_read_with_a_join_and_update_what_is_expected(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    make_role("librarian", "users:list")
    [section] = SECTION.findall((ROOT / "docs" / "contributing.md").read_text(encoding="utf-8"))
    reading, updating = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    names = {"SQL": SQL, "fn": fn, "fetch": fetch, "fetch_one": fetch_one, "Role": Role}

    exec(reading, {**names, "RolePermission": RolePermission})
    assert "librarian" in capsys.readouterr().out

    for stale in (False, True):
        before = fetch(Role.select().where(Role.name == "librarian"))[0]
        namespace = {**names, "now": datetime.now(UTC), "expected": before.version - stale}
        exec(updating, namespace)
        assert (namespace["role"] is None) == stale
    assert before.description == "Sorts the books."
