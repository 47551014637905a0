"""The README's walk, run as it stands in bash."""

import json
import os
import re
import subprocess
from pathlib import Path

from app.database import transaction
from app.services import user_rows
from tests.people import PASSWORD
from tests.service import Service

README = Path(__file__).parents[2] / "README.md"


def test_the_walk_does_what_the_readme_says(service: Service, password_hash: str) -> None:
    with transaction():
        user_rows.insert(
            email="admin@example.com",
            password_hash=password_hash,
            role="admin",
            verified=True,
            profile={},
            now=service.clock(),
        )
    walk(service.url, PASSWORD)


def walk(url: str, password: str) -> None:
    """Run the walk on a server that has just started, and check each response.

    Args:
        password: of admin@example.com.
    """
    blocks = re.findall(r"^```sh\n(.*?)^```", README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    script = "\n".join(["set -euo pipefail", *blocks])

    ran = subprocess.run(
        ["bash", "-c", script],
        env={**os.environ, "API": url, "ADMIN_PASSWORD": password},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    steps = re.findall(r'\{"data".*?"errors":(?:null|\[.*?\])\}|^\d{3}$', ran.stdout, re.MULTILINE)
    registered, verified, me, profile, signed_in, role, given, trail, refreshed, reused, ended, logged_out, gone = steps
    assert json.loads(registered)["data"] == {"status": "pending"}
    assert json.loads(verified)["data"]["role"] == "user"
    assert json.loads(me)["data"]["email"] == "ada@example.org"
    assert json.loads(profile)["data"]["locale"] == "en-GB"
    assert [session["current"] for session in json.loads(signed_in)["data"]] == [True]
    assert "profiles:update" in json.loads(role)["data"]["permissions"]
    assert json.loads(given)["data"]["role"] == "librarian"
    assert [row["action"] for row in json.loads(trail)["data"]] == ["user.role_set", "profile.replaced", "user.updated"]
    assert "refresh_token" in json.loads(refreshed)["data"]
    assert [_code(reused), _code(ended), logged_out, _code(gone)] == [
        "INVALID_REFRESH_TOKEN",
        "SESSION_ENDED",
        "204",
        "SESSION_ENDED",
    ]


def _code(text: str) -> str:
    code: str = json.loads(text)["errors"][0]["code"]
    return code
