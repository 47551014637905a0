"""`charter mock` from start to end: what it prints, what it needs, and what it refuses."""

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
from click.testing import CliRunner

from app.cli import main
from app.cli.errors import MISCONFIGURED, UNAVAILABLE
from app.mock.people import ACCOUNTS
from tests.command import ROOT, Server, clean_environment
from tests.document import DOCUMENT
from tests.integration.mock.library import library

DOCS = ROOT / "docs" / "mock.md"


def refusal(*words: str, **variables: str) -> tuple[int, str]:
    """Return the exit code and the message of `charter mock` that does not start."""
    done = CliRunner(env=variables).invoke(main, ["mock", *words])
    assert all(line.startswith("charter: ") for line in done.stderr.splitlines())
    return done.exit_code, done.stderr


def test_it_needs_nothing_and_leaves_nothing(tmp_path: Path) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    variables = {"DATABASE_URL": nowhere, "REDIS_URL": "redis://127.0.0.1:1", "JWT_SECRET": "short"}
    server = Server("mock", "--port", "0", CHARTER_ENV="test", CHARTER_STATE=str(tmp_path / "state"), **variables)
    address = server.address()
    assert address.startswith("http://127.0.0.1:")
    assert all(account.email in server.printed for account in ACCOUNTS)
    shown = server.wait_for(r"their password: (.*)")[1]
    assert [account["email"] for account in httpx.get(f"{address}/mock/accounts").json()["accounts"]] == [
        account.email for account in ACCOUNTS
    ]
    credentials = {"email": "admin@example.com", "password": shown}
    signed_in = httpx.post(f"{address}/v1/auth/login", json=credentials).json()["data"]
    token = {"Authorization": f"Bearer {signed_in['access_token']}"}
    assert httpx.get(f"{address}/v1/users", headers=token).json()["meta"]["pagination"]["total"] == 45
    assert httpx.post(f"{address}/mock/reset").status_code == 204
    assert httpx.get(f"{address}/v1/users", headers=token).status_code == 401
    assert httpx.get(f"{address}/mock/reset").status_code == 405
    assert server.end(signal.SIGINT) == 0
    assert server.printed.endswith("stopped\n")
    assert not (tmp_path / "state").exists()


def test_the_commands_of_the_page_work(tmp_path: Path) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", DOCS.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    program = tmp_path / "bin" / "charter"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m app.cli "$@"\n')
    program.chmod(0o755)
    variables = clean_environment()
    variables["PATH"] = f"{program.parent}:{variables['PATH']}"
    script = "\n".join(["set -euo pipefail", *blocks]).replace("4010", port)
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "RATE_LIMITED" in done.stdout


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda document: document["paths"]["/v1/books"]["get"].pop("x-permission"),
            "GET /v1/books does not say who may",
        ),
        (lambda document: document["components"]["schemas"].pop("Book"), "#/components/schemas/Book has no target"),
        (
            lambda document: document["components"]["schemas"]["Report"]["properties"]["code"].update(pattern="(?!)x"),
            "The response 200 of get_report has no example, and none can be made. Add an example of its success.",
        ),
        (
            lambda document: document["components"]["schemas"]["Report"]["properties"]["code"].update(
                pattern="^((a{1000}){1000}){1000}$"
            ),
            "This pattern is not a regular expression, or it is too large. Write one that can be compiled.",
        ),
    ],
)
def test_a_broken_document_is_refused_with_file_line_and_rule(tmp_path: Path, change: Any, told: str) -> None:
    document = library()
    change(document)
    path = tmp_path / "openapi.json"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    code, message = refusal(str(path), "--port", "0")
    assert code == MISCONFIGURED
    assert told in message
    assert re.search(r"openapi\.json:\d+: ", message)


def test_it_refuses_what_it_cannot_serve(tmp_path: Path) -> None:
    for name in ("production", " production\n"):
        code, message = refusal(CHARTER_ENV=name)
        assert (code, "use charter serve" in message) == (MISCONFIGURED, True)
    code, message = refusal(str(tmp_path / "nothing.yaml"))
    assert (code, message) == (MISCONFIGURED, f"charter: there is no file {tmp_path}/nothing.yaml\n")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        code, message = refusal("--port", str(taken.getsockname()[1]))
    assert (code, "or set --port" in message, "PORT" in message) == (UNAVAILABLE, True, False)
    for host in ("no such host", "192.0.2.1"):
        code, message = refusal("--host", host, "--port", "0")
        assert (code, message.startswith(f"charter: --host {host} "), "HOST" in message) == (MISCONFIGURED, True, False)
    done = CliRunner().invoke(main, ["mock", "--port", "65536"])
    assert (done.exit_code, "Invalid value for '--port': 65536 is not in the range" in done.stderr) == (2, True)
    code, message = refusal(LIMIT_LOGIN="many")
    assert (code, "LIMIT_LOGIN must be" in message) == (MISCONFIGURED, True)


def test_a_start_imports_nothing_large_that_the_mock_does_not_use() -> None:
    code = (
        "import sys, app.cli.command, app.cli.serving\n"
        "from app.mock.application import create_mock\n"
        "from app.mock.configuration import MockOptions, read_config\n"
        "create_mock(read_config({}, host='127.0.0.1', port=0), MockOptions(accounts=3))\n"
        "print(*{'connexion', 'redis', 'peewee_migrate', 'httpx', 'requests'} & sys.modules.keys())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(("host", "warns"), [("127.0.0.1", False), ("0.0.0.0", True)])
def test_it_warns_when_other_machines_can_reach_it(host: str, warns: bool) -> None:
    server = Server("mock", "--host", host, "--port", "0")
    server.address()
    assert server.end(signal.SIGINT) == 0
    assert ("warning: other machines can reach this mock" in server.printed) is warns


def test_the_page_lists_every_option_with_its_default() -> None:
    rows = re.findall(r"^\| `(--[a-z-]+)` \| `(.+?)` \| (.+?) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    options = [item for item in main.commands["mock"].params if isinstance(item, click.Option)]
    assert rows == [(item.opts[0], str(item.default), item.help) for item in options]


def test_the_page_lists_every_operation() -> None:
    text = DOCS.read_text(encoding="utf-8").partition("## What it remembers\n")[2].partition("\n## ")[0]
    operations = {operation for item in DOCUMENT.bundle["paths"].values() for operation in names(item)}
    assert operations <= set(re.findall(r"`([a-z_]+)`", text))


def names(item: dict[str, Any]) -> list[str]:
    return [each["operationId"] for each in item.values() if isinstance(each, dict) and "operationId" in each]
