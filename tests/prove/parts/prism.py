"""Prism between the Python package and the server finds that both keep to the document."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.document import DOCUMENT
from tests.prism import OTHER_DOCUMENT, PROGRAM
from tests.prove import pins
from tests.prove.proof import ROOT
from tests.prove.tools import fetch_node

TESTS = [f"tests/integration/sdk_python/test_{name}.py" for name in ("account_life", "readme")]
# Their requests do not match the document on purpose, or nobody is signed in.
MISMATCHED = ("does_not_match", "nobody_who_is_signed_in")


def prove(place: Path) -> None:
    """Run the life of an account and the README through Prism, then show that it refuses what does not match."""
    program = str(fetch_node(place, pins.PRISM) / "prism")
    passed = _tested(" and ".join(f"not {name}" for name in MISMATCHED), program)
    assert passed.returncode == 0, passed.stdout
    print(passed.stdout.splitlines()[-1])

    request = _tested(MISMATCHED[0], program)
    assert request.returncode == 1, request.stdout
    assert "to POST /v1/users with 422 and application/problem+json" in request.stdout, request.stdout

    document = place / "other.json"
    document.write_text(json.dumps(_with_another_user()))
    response = _tested("life_of_an_account", program, **{OTHER_DOCUMENT: str(document)})
    assert response.returncode == 1, response.stdout
    assert "to POST /v1/auth/login with 500 and application/problem+json" in response.stdout, response.stdout
    print("refused, as they must be: a request and a response that do not match")


def _tested(chosen: str, program: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "pytest", "-q", "-n", "0", *TESTS, "-k", chosen]
    environment = {**os.environ, PROGRAM: program, **variables}
    return subprocess.run(
        words, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def _with_another_user() -> dict[str, object]:
    """Return the document of a server whose accounts have one property more."""
    changed: dict[str, object] = copy.deepcopy(DOCUMENT.bundle)
    user = changed["components"]["schemas"]["User"]  # type: ignore[index]
    user["properties"]["nickname"] = {"type": "string", "description": "Not there.", "example": "Countess"}
    user["required"].append("nickname")
    return changed
