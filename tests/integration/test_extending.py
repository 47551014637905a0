"""The examples of docs/extending.md, written to the files that they name, and run."""

import re
from pathlib import Path

import pytest

from app.cli.dependencies import dependencies_for
from app.cli.operator_actions import act
from app.clock import system_clock
from app.context.context import Context
from app.database import Database, run, transaction
from app.database.drift import drift
from app.database.migrator import migrate
from app.database.tables import all_models
from app.declared_errors import DeclaredError
from app.factory import build_dependencies
from app.identifiers import new_id
from app.pipeline.project_parts import load_parts
from app.project import find_project
from app.services import first_admin
from app.services.chores import run_if_due
from tests.house.repository import ROOT
from tests.integration.test_project_data import code
from tests.service import config_for

EXAMPLE = re.compile(r"^```(?:(?:python|yaml)\n# (\S+)|(toml))\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def examples() -> dict[str, str]:
    text = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    found = {path or "pyproject.toml": body for path, _, body in EXAMPLE.findall(text)}
    found["pyproject.toml"] = '[project]\nname = "shop"\n' + found["pyproject.toml"]
    return found


def test_the_examples_of_the_page_work(database: Database, tmp_path: Path, examples: dict[str, str]) -> None:
    with code(tmp_path, examples):
        project = find_project({}, tmp_path)
        assert project is not None
        parts, faults = load_parts(project)
        assert faults == []
        database.project_models = parts.models
        migrate(database, report=lambda line: None, project=project)
        assert drift(database, all_models()) == []
        from services import bills, commands  # type: ignore[import-not-found]

        assert commands.pay_bill.name == "pay-bill"
        assert project.commands == ("services.commands:pay_bill",)

        dependencies = build_dependencies(
            config_for(DATABASE_URL=database.url), {}, clock=system_clock, hooks=parts.hooks
        )
        context = Context(dependencies)
        admin = first_admin.create(context, email="root@example.com", password="seven green bottles 9 falling")
        assert admin is not None
        owed = "INSERT INTO bills (id, user_id, title, cents, status) VALUES (%s, %s, 'Rent', 5, 'open')"
        ids = [new_id(), new_id()]
        for bill_id in ids:
            run(owed, (bill_id, admin.id))
        bill = bills.pay(context, ids[0])
        assert (bill.status, bill.version, bill.paid_at.tzinfo is not None) == ("paid", 2, True)
        assert run("SELECT tag FROM pending_invalidations") == [(f"bill:{ids[0]}",)]
        with pytest.raises(DeclaredError, match="BILL_PAID"):
            bills.pay(context, ids[0])
        with pytest.raises(DeclaredError, match="OPEN_BILLS"), transaction():
            parts.hooks.call("user.deleted", context, lambda: admin)
        run("UPDATE bills SET paid_at = now() - interval '11 years' WHERE id = %s", (ids[0],))
        assert run_if_due(parts.chores[0], context)
        assert run("SELECT id FROM bills") == [(ids[1],)]


def test_a_command_prints_the_message_of_a_declared_error(database: Database) -> None:
    def work(context: Context) -> None:
        raise DeclaredError("ROLE_IN_USE")

    with pytest.raises(DeclaredError, match="Accounts still have this role"):
        act("bill.paid", work, dependencies=dependencies_for(config_for(DATABASE_URL=database.url)))
    assert run("SELECT outcome FROM audit_events WHERE action = 'bill.paid'") == [("failed",)]
