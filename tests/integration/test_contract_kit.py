"""`charter contract` in small against a running Charter: what it proves, how it stops, and what it leaves: nothing.

`make contract` runs all of it, and `make prove PART=mutants` shows that it finds mistakes.
"""

import io
import json
import re
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.contract_kit.client import Address
from app.contract_kit.options import Options
from app.contract_kit.report.data import report
from app.contract_kit.run import FAILED, NOT_RUN, PROVEN, Outcome, execute
from app.database import run
from tests.contract_kit import left
from tests.people import PASSWORD, People, Person
from tests.service import Service

ONLY = frozenset({"tokens", "escalation", "objects"})

pytestmark = pytest.mark.parametrize("gateway", ["compiled"], indirect=True)


@pytest.fixture
def ada(people: People) -> Person:
    return people.ada


def options(service: Service, person: Person, **others: Any) -> Options:
    return replace(Options(Address.of(service.url), person.email, PASSWORD, only=ONLY), **others)


def test_a_good_deployment_is_proven_and_nothing_is_left(service: Service, ada: Person) -> None:
    outcome = execute(options(service, ada), io.StringIO())

    assert (outcome.code, outcome.reason, outcome.results.failures) == (PROVEN, "", [])
    assert outcome.results.gaps == []
    assert sorted(outcome.checks) == sorted(ONLY)
    assert left() == []


def test_a_mistake_is_a_failure_with_a_command_that_repeats_it(service: Service, ada: Person) -> None:
    [(decide,)] = run("SELECT pg_get_functiondef('charter_decide_request'::regproc)")
    run(decide.replace("holds_all OR permissions @> required", "true"))

    outcome = execute(options(service, ada), io.StringIO())

    assert outcome.code == FAILED
    assert left() == []
    made = report(outcome)
    assert made["verdict"] == "failed"
    failure = next(failure for failure in made["failures"] if failure["operation"] == "get_user")
    assert failure["curl"].startswith(f"curl -i {service.url}/v1/users/")
    assert failure["curl"].endswith('-H "Authorization: Bearer $TOKEN"')
    assert PASSWORD not in json.dumps(made)
    assert not re.search(r"eyJ[\w-]+\.eyJ", json.dumps(made))


class Interrupting(io.StringIO):
    """A terminal that is interrupted once it shows a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if self._text and self._text in text:
            self._text = ""
            signal.raise_signal(signal.SIGINT)
        return super().write(text)


@pytest.mark.parametrize("text", ["reach:", "people:", "people: making accounts, 20 requests", "tokens:", "objects:"])
def test_an_interrupt_in_any_stage_leaves_nothing(service: Service, ada: Person, text: str) -> None:
    terminal = Interrupting(text)
    outcome = execute(options(service, ada), terminal)

    assert (outcome.code, outcome.reason) == (NOT_RUN, "stopped")
    assert left() == []
    assert outcome.results.left_behind == []


def test_what_cannot_be_removed_is_listed(service: Service, ada: Person) -> None:
    run(
        """
        CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
        CREATE TRIGGER keep BEFORE DELETE ON users FOR EACH ROW WHEN (old.email LIKE 'peer-%%') EXECUTE FUNCTION keep();
        """
    )
    outcome = execute(options(service, ada, only=frozenset({"tokens"})), io.StringIO())

    assert outcome.code == NOT_RUN
    [line] = outcome.results.left_behind
    assert line.startswith("role bare-")
    assert "409 ROLE_IN_USE" in line


def refused(outcome: Outcome, *parts: str) -> None:
    assert outcome.code == NOT_RUN
    assert [part for part in parts if part not in outcome.reason] == []
    assert outcome.checks == []


def test_a_run_that_cannot_begin_is_no_success(service: Service, ada: Person, people: People) -> None:
    refused(execute(options(service, ada, password="wrong"), io.StringIO()), "is refused with 401 INVALID_CREDENTIALS")
    refused(execute(options(service, people.alice), io.StringIO()), "create_role is 403 FORBIDDEN")
    nowhere = Address(False, "127.0.0.1", 1, "")
    refused(execute(options(service, ada, address=nowhere), io.StringIO()), "http://127.0.0.1:1 does not respond")
    elsewhere = replace(Address.of(service.url), prefix="/docs")
    refused(execute(options(service, ada, address=elsewhere), io.StringIO()), "not a document")
    unknown = frozenset({"no_such_operation"})
    refused(execute(options(service, ada, skipped=unknown), io.StringIO()), "has no operation no_such_operation")
    assert left() == []


@pytest.fixture
def command(service: Service, ada: Person) -> Any:
    def invoke(*words: str, **variables: str) -> Result:
        base = ["contract", "--base-url", service.url, "--admin-email", ada.email]
        return CliRunner().invoke(main, [*base, *words], env={"CONTRACT_ADMIN_PASSWORD": PASSWORD, **variables})

    return invoke


def test_the_command_writes_all_reports_and_compares_them(command: Any, tmp_path: Path) -> None:
    done = command("--only", "tokens", "--report", str(tmp_path), "--junit", str(tmp_path / "ci" / "contract.xml"))

    assert done.exit_code == PROVEN, done.output
    assert "PROVEN" in done.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "default-src 'none'" in page
    assert not re.search(r"<script|\bsrc=|href=.(?!#)|url\(|style=", page)
    assert '<testsuite name="tokens"' in (tmp_path / "ci" / "contract.xml").read_text(encoding="utf-8")
    made = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert (made["verdict"], made["exit_code"]) == ("proven", 0)

    made["operations"].append({**made["operations"][0], "name": "put_moon"})
    (tmp_path / "old.json").write_text(json.dumps(made), encoding="utf-8")
    done = command("--only", "tokens", "--compare", str(tmp_path / "old.json"))
    assert "gone from the document: put_moon" in done.output


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["--only", "moon"], ["there is no check moon", "permissions"]),
        (["--base-url", "ftp://x"], ["must be an http or https URL", "ftp://x"]),
        (["--compare", "pyproject.toml"], ["is no report.json"]),
        (["--released", "nowhere.json", "--only", "released"], ["nowhere.json"]),
        (["--admin-password-stdin", "--only", "tokens"], ["standard input is empty"]),
    ],
)
def test_wrong_use_is_told_in_one_line(command: Any, words: list[str], parts: list[str]) -> None:
    done = command(*words)
    assert done.exit_code == 2
    assert [part for part in parts if part not in done.output] == []
    assert len(done.output.strip().splitlines()) == 1


def test_the_password_must_come_from_somewhere(command: Any) -> None:
    done = command("--only", "tokens", CONTRACT_ADMIN_PASSWORD="")
    assert (done.exit_code, "CONTRACT_ADMIN_PASSWORD" in done.output) == (2, True)


def test_a_missing_schemathesis_is_told_with_the_command_that_installs_it(
    command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    done = command()
    assert done.exit_code == 2
    assert "pip install 'schemathesis==4." in done.output
