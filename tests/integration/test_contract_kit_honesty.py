"""`charter contract` where something is wrong with the deployment, the way to it, or what was asked for.

It never says *proven* then, it says what is wrong, and it leaves nothing behind.
"""

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.contract_kit.client import Address
from app.contract_kit.options import Options
from app.contract_kit.run import NOT_RUN, PROVEN, Outcome, execute
from tests.command import ROOT, clean_environment
from tests.contract_kit import left
from tests.forwarder import Hook, Reply, forwarding, pass_on
from tests.people import PASSWORD, People, Person
from tests.service import Service

pytestmark = pytest.mark.parametrize("running", ["compiled"], indirect=True)

Send = Callable[[], Reply]


@pytest.fixture
def ada(people: People) -> Person:
    return people.ada


def tried(service: Service, person: Person, hook: Hook = pass_on, *, prefix: str = "", **others: Any) -> Outcome:
    """Run the kit through a proxy."""
    with forwarding(service.url, hook, prefix=prefix) as url:
        options = Options(Address.of(url), person.email, PASSWORD, only=frozenset({"objects"}))
        return execute(replace(options, **others), io.StringIO())


def test_behind_a_path_all_is_proven_and_removed(service: Service, ada: Person) -> None:
    def under_a_path(method: str, path: str, send: Send) -> Reply:
        answer = send()
        answer.headers = [
            (name, f"/accounts{value}" if name.lower() == "location" else value) for name, value in answer.headers
        ]
        return answer

    outcome = tried(service, ada, under_a_path, prefix="/accounts")

    assert (outcome.code, outcome.reason, outcome.results.failures) == (PROVEN, "", [])
    assert left() == []


def test_what_was_made_by_a_request_without_a_response_is_removed(service: Service, ada: Person) -> None:
    lost = iter(["create_role", "an admin", "the other admin", "a guest", "a user", "the owner"])

    def losing(method: str, path: str, send: Send) -> Reply | None:
        answer = send()
        return None if method == "POST" and path in ("/v1/users", "/v1/roles") and not next(lost, None) else answer

    outcome = tried(service, ada, losing)

    assert outcome.code == NOT_RUN
    assert "does not respond" in outcome.reason
    assert outcome.results.left_behind == []
    assert left() == []


def test_a_deployment_that_cannot_create_is_not_proven(service: Service, ada: Person) -> None:
    broken = json.dumps({"data": None, "meta": {}, "errors": [{"code": "INTERNAL_ERROR", "message": "No."}]}).encode()

    def failing(method: str, path: str, send: Send) -> Reply:
        return Reply(500, [("Content-Type", "application/json")], broken) if path == "/v1/users" else send()

    outcome = tried(service, ada, failing)

    assert outcome.code != PROVEN
    assert "no account can be made: create_user is 500 INTERNAL_ERROR" in outcome.reason
    assert left() == []


def test_what_is_left_of_a_deployment_that_is_gone_is_listed(service: Service, ada: Person) -> None:
    requests = iter(range(30))

    def going(method: str, path: str, send: Send) -> Reply | None:
        return None if next(requests, None) is None else send()

    outcome = tried(service, ada, going)

    assert outcome.code != PROVEN
    assert "does not respond" in outcome.reason
    assert [line for line in outcome.results.left_behind if line.startswith("account admin-ck")]
    assert left() != []


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/openapi.json", "<h1>Welcome</h1>", "not a document: check the URL"),
        ("/openapi.json", "[]", "not a document: check the URL"),
        ("/openapi.json", '{"openapi": "3.0.3", "paths": {}}', "no OpenAPI document that the kit can read"),
        ("/openapi.json", '{"paths": {"/x": {"get": {"operationId": "x", "responses": {}}}}}', "not of a Charter"),
        ("/v1/auth/login", '{"token": "abc"}', "without the tokens that its document names"),
        ("/v1/auth/login", '{"data": [], "meta": {}, "errors": null}', "without the tokens that its document names"),
        ("/v1/auth/login", "[" * 100_000, "without the tokens that its document names"),
    ],
)
def test_what_is_no_charter_is_told_apart(service: Service, ada: Person, path: str, body: str, told: str) -> None:
    def foreign(method: str, asked: str, send: Send) -> Reply:
        return Reply(200, [("Content-Type", "application/json")], body.encode()) if asked == path else send()

    outcome = tried(service, ada, foreign)

    assert outcome.code != PROVEN
    assert told in outcome.reason
    assert left() == []


def test_an_account_without_rights_is_told_what_it_must_be(service: Service, people: People) -> None:
    outcome = tried(service, people.alice)
    assert (outcome.code, left()) == (NOT_RUN, [])
    assert "create_role is 403 FORBIDDEN" in outcome.reason
    assert f"{people.alice.email} must be an admin" in outcome.reason


def test_a_server_without_tls_is_told_from_one_that_is_not_there(service: Service, ada: Person) -> None:
    outcome = execute(Options(Address.of(service.url.replace("http:", "https:")), ada.email, PASSWORD), io.StringIO())
    assert outcome.code == NOT_RUN
    assert "does not speak TLS" in outcome.reason


def as_production(method: str, path: str, send: Send) -> Reply:
    answer = send()
    answer.headers = [pair for pair in answer.headers if pair[0].lower() != "charter-deployment"]
    answer.headers.append(("Charter-Deployment", "production"))
    return answer


def invoked(*words: str) -> Result:
    return CliRunner().invoke(main, ["contract", *words], env={"CONTRACT_ADMIN_PASSWORD": PASSWORD})


def test_without_a_terminal_a_production_is_refused_before_a_sign_in(service: Service, ada: Person) -> None:
    asked: list[str] = []

    def noting(method: str, path: str, send: Send) -> Reply:
        asked.append(path)
        return as_production(method, path, send)

    with forwarding(service.url, noting) as url:
        done = invoked("--base-url", url, "--admin-email", ada.email, "--only", "tokens")
    assert done.exit_code == NOT_RUN
    assert f"{url} says that it is production: add --yes-production to run against it" in done.output
    assert asked == ["/openapi.json"]


def at_terminal(url: str, email: str, answer: bytes) -> tuple[int, str]:
    """Run the command at a terminal, and answer its question; return its exit code and what was shown."""
    main_end, other_end = pty.openpty()
    words = [sys.executable, "-m", "app.cli", "contract", "--base-url", url, "--admin-email", email]
    process = subprocess.Popen(
        [*words, "--only", "tokens"],
        cwd=ROOT,
        env=clean_environment(CONTRACT_ADMIN_PASSWORD="wrong"),
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)),  # noqa: PLW1509  # it gets this terminal
    )
    os.close(other_end)
    shown = b""
    try:
        while select.select([main_end], [], [], 60)[0]:
            try:
                part = os.read(main_end, 4096)
            except OSError:  # the other end is closed: Linux says so in this way
                break
            shown += part
            if not part:
                break
            if answer and b"to go on" in shown:
                os.write(main_end, answer)
                answer = b""
        return process.wait(60), shown.decode()
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
        os.close(main_end)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"127.0.0.1\n", "is refused with 401 INVALID_CREDENTIALS"),
        (b"\x03", "NOT PROVEN: stopped"),
    ],
)
def test_at_a_terminal_the_name_of_the_host_must_be_typed(
    service: Service, ada: Person, answer: bytes, told: str
) -> None:
    with forwarding(service.url, as_production) as url:
        code, shown = at_terminal(url, ada.email, answer)
    assert "says that it is production" in shown
    assert "Type 127.0.0.1 to go on" in shown
    assert told in shown
    assert code == NOT_RUN


def test_a_run_that_nobody_wants_changes_nothing(service: Service, ada: Person) -> None:
    with forwarding(service.url, as_production) as url:
        options = Options(Address.of(url), ada.email, PASSWORD)
        outcome = execute(options, io.StringIO(), ask=lambda told, host, go_on: False)
    assert (outcome.code, outcome.requests) == (NOT_RUN, 1)
    assert "127.0.0.1 was not typed, so nothing was done" in outcome.reason


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--report", "{place}/file/reports"], "--report {place}/file/reports cannot be written: Not a directory"),
        (["--junit", "{place}/file/ci.xml"], "--junit {place}/file cannot be written"),
        (["--compare", "{place}/text.json"], "text.json is no report.json of this version of charter contract"),
        (["--compare", "{place}/list.json"], "list.json is no report.json of this version of charter contract"),
        (["--compare", "{place}/old.json"], "old.json is no report.json of this version of charter contract"),
        (["--compare", "{place}/half.json"], "half.json is no report.json of this version of charter contract"),
        (["--compare", "{place}/bytes.json"], "bytes.json is no report.json of this version of charter contract"),
        (["--ca-file", "{place}/text.json"], "text.json has no certificates"),
        (["--base-url", "http://host:port"], "--base-url must be an http or https URL"),
        (["--base-url", "http://host:99999"], "--base-url must be an http or https URL"),
        (["--start"], "--start has an address and an admin of its own"),
    ],
)
def test_wrong_files_and_addresses_are_told_before_anything_is_done(
    service: Service, tmp_path: Path, words: list[str], told: str
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    (tmp_path / "text.json").write_text("no json", encoding="utf-8")
    (tmp_path / "list.json").write_text("[1]", encoding="utf-8")
    (tmp_path / "old.json").write_text('{"report_version": 0}', encoding="utf-8")
    (tmp_path / "half.json").write_text('{"report_version": 1, "operations": "all", "failures": []}', encoding="utf-8")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe")
    base = ["--base-url", service.url, "--admin-email", "nobody@example.com", "--only", "tokens"]
    done = invoked(*base, *[word.format(place=tmp_path) for word in words])
    assert done.exit_code == 2
    assert told.format(place=tmp_path) in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        ["file", "text.json", "list.json", "old.json", "half.json", "bytes.json"]
    )


def test_a_deployment_or_a_server_of_its_own_must_be_named(service: Service) -> None:
    done = invoked("--only", "tokens")
    assert (done.exit_code, "--base-url is missing" in done.output) == (2, True)
