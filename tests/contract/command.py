"""`schemathesis run` in a process of its own: every check, as one caller against one running Charter."""

import os
import sys
from pathlib import Path

from tests.command import clean_environment

EXCUSES = Path(__file__).with_name("schemathesis.toml")
PEOPLE = Path(__file__).with_name("people.yaml")
MOCK_PEOPLE = Path(__file__).with_name("mock_people.yaml")
CALLERS = ("nobody", "user", "admin")
PHASES = ("examples", "coverage", "fuzzing", "stateful")


def command(url: str, caller: str, *options: str, phases: tuple[str, ...] = PHASES, people: Path = PEOPLE) -> list[str]:
    """Return the words of a run.

    Args:
        url: where Charter listens.
        caller: whom to sign in as; nobody tries what is public.
        options: more options, such as how many examples.
        people: whom one can sign in as.
    """
    words = [sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "--config-file", str(EXCUSES)]
    words += ["run", f"{url}/openapi.json", "--url", url, "--no-color", "--checks", "all", "--continue-on-failure"]
    words += ["--phases", ",".join(phases), "--generation-database", "none", *options]
    if caller == "nobody":
        return [*words, "--include-by", "/x-public == true"]
    return [*words, "--auth-wfc", str(people), "--auth-wfc-user", caller]


def environment(database_url: str, caller: str) -> dict[str, str]:
    """Return the environment of a run: its hooks, whom they keep able to act, and in which database."""
    return _environment(caller, DATABASE_URL=database_url)


def mock_environment(url: str, caller: str) -> dict[str, str]:
    """Return the environment of a run against a mock."""
    return _environment(caller, CONTRACT_MOCK=url)


def _environment(caller: str, **variables: str) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PYTHONPATH",) if name in os.environ}
    return {
        **inherited,
        **clean_environment(**variables),
        "CONTRACT_CALLER": caller,
        "SCHEMATHESIS_HOOKS": "tests.contract.hooks",
        "PYTHONUNBUFFERED": "1",
    }
