"""What takes several requests, or several people: the stateful phase, and whether one person is shown another's things.

Only `schemathesis run` knows how to tell whose a thing is, so it runs here as `make contract` runs it, in small.
"""

import subprocess

import pytest

from app.database import run
from tests.command import ROOT
from tests.contract.command import command, environment
from tests.service import Service

LONGEST_RUN_SECONDS = 240


def _scenarios(service: Service, database_url: str, caller: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(service.url, caller, *options, phases=("stateful",)),
        cwd=ROOT,
        env=environment(database_url, caller),
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN_SECONDS,
        check=False,
    )


# Each caller and each way in; `make contract` has all four pairs, and more of them.
@pytest.mark.parametrize(("gateway", "caller"), [("compiled", "admin"), ("connexion", "user")], indirect=["gateway"])
def test_no_chain_of_requests_leads_off_the_document(service: Service, database_url: str, caller: str) -> None:
    done = _scenarios(service, database_url, caller, "--max-examples", "6")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "✅ Stateful" in done.stdout


@pytest.mark.parametrize("gateway", ["compiled"], indirect=True)
def test_what_one_person_may_read_and_another_may_not_is_told_apart(service: Service, database_url: str) -> None:
    """The check is awake: with a decision that takes everybody for the owner, it reports what leaks."""
    [(decide,)] = run("SELECT pg_get_functiondef('charter_decide_request'::regproc)")
    everybodys = decide.replace("id = p_owner OR", "p_owner IS NOT NULL OR")
    assert everybodys != decide
    run(everybodys)

    chain = ("--include-operation-id", "login", "--include-operation-id", "get_user")
    done = _scenarios(service, database_url, "user", "--max-examples", "10", *chain)

    assert done.returncode == 1, done.stdout + done.stderr
    assert "`guest` received the `User` that `user` owns" in done.stdout
