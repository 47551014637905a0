"""`charter spec diff`, run as a person or a script runs it."""

import json
import re
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from click.testing import CliRunner, Result

from app.cli import main
from app.spec.released import canonical_json
from tests.command import ROOT
from tests.diffs.document import CREATE, DOCUMENT, READ, SCHEMAS
from tests.diffs.edit import GONE, edit
from tests.document import DOCUMENT as CHARTER

_WITH = '{"openapi": "3.0.3", "info": {"title": "Things", "version": "1.0.0"}, "paths": {"/things": %s}}'
BROKEN = edit(
    "",
    "",
    READ,
    GONE,
    (*CREATE, "summary"),
    "Make one",
    (*SCHEMAS, "ProblemCode", "enum"),
    ["NOT_FOUND", "TAKEN", "NEW"],
).applied(DOCUMENT)


def diff(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["spec", "diff", *map(str, words)])


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.json"
    path.write_bytes(canonical_json(DOCUMENT))
    return path


@pytest.fixture
def new(tmp_path: Path) -> Path:
    path = tmp_path / "new.json"
    path.write_bytes(canonical_json(BROKEN))
    return path


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Print nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """Serve the folder of the test."""
    handler = partial(_Files, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_equal_documents_have_no_changes(old):
    done = diff(old, old)
    assert (done.exit_code, done.output.count("\n")) == (0, 1)
    assert done.output.startswith("0 breaking, 0 additive, 0 cosmetic, from 1.0.0")


def test_each_change_has_its_place_severity_operation_and_rule(old, new):
    done = diff(old, new)
    lines = done.output.splitlines()

    assert done.exit_code == 1
    assert re.fullmatch(
        r".*/old\.json:\d+: breaking: get_thing: `get_thing` \(GET .*\) is gone, .* \[operation-removed\]", lines[0]
    )
    assert re.fullmatch(r".*/new\.json:\d+: additive: create_thing: There is .*`NEW`\. \[error-code-added\]", lines[1])
    assert re.fullmatch(r".*/new\.json:\d+: cosmetic: create_thing: .*`summary`\. \[text-changed\]", lines[2])
    assert lines[3].startswith("1 breaking, 1 additive, 1 cosmetic")
    place = int(lines[1].split(":")[1])
    assert new.read_text(encoding="utf-8").splitlines()[place - 1].strip() == '"enum": ['


def test_programs_read_json(old, new):
    done = diff(old, new, "--json")
    first, second, _ = json.loads(done.stdout)

    assert done.exit_code == 1
    assert {
        "severity": "breaking",
        "rule": "operation-removed",
        "operations": ["get_thing"],
        "document": "old",
    }.items() <= first.items()
    assert (second["pointer"], second["file"]) == ("#/components/schemas/ProblemCode/enum", str(new))


def test_clients_read_a_changelog(old, new):
    done = diff(old, new, "--changelog")
    assert done.exit_code == 1
    assert done.output == (
        "## 1.0.0\n\n### Breaking changes\n\n"
        "- **get_thing**: `get_thing` (GET /v1/things/{thing_id}) is gone, and its end was not announced.\n\n"
        "### New\n\n- **create_thing**: There is the error code `NEW`.\n\n"
        "Texts, examples and the like of create_thing have changed. Clients need not change.\n\n"
    )


def test_what_is_additive_or_cosmetic_fails_no_gate(old, new):
    assert diff(new, old).exit_code == 1
    new.write_bytes(canonical_json(edit("", "", (*READ, "summary"), "Read").applied(DOCUMENT)))
    assert diff(old, new).exit_code == 0


def test_a_deployment_is_read_at_its_address(old, address, tmp_path):
    (tmp_path / "openapi.json").write_bytes(canonical_json(DOCUMENT))
    for words in (address, f"{address}/", f"{address}/openapi.json"):
        assert diff(old, words).exit_code == 0, words


@pytest.mark.parametrize(
    ("minimum", "maximum", "code"), [(8, 256, 0), (15, 256, 0), (40, 64, 0), (7, 256, 1), (8, 300, 1)]
)
def test_the_lengths_of_passwords_are_those_of_the_deployment(address, tmp_path, minimum, maximum, code):
    served = json.loads(canonical_json(CHARTER.bundle))
    served["components"]["schemas"]["NewPassword"].update(minLength=minimum, maxLength=maximum)
    (tmp_path / "openapi.json").write_bytes(canonical_json(served))
    there = diff(address, "openapi/openapi.yaml"), diff("openapi/openapi.yaml", address)
    assert max(done.exit_code for done in there) == code, there[0].output + there[1].output
    if code == 0:
        assert all("0 breaking, 0 additive" in done.output for done in there)


def test_the_root_file_of_a_document_is_a_document():
    done = diff("openapi/openapi.yaml", ROOT / "openapi/openapi.yaml")
    assert done.output.startswith("0 breaking, 0 additive, 0 cosmetic"), done.output


def test_without_arguments_the_newest_release_is_compared_with_the_document_here():
    done = diff()
    assert done.exit_code == 0, done.output
    assert re.search(
        r" breaking, .*/?openapi/released/\d+\.\d+\.\d+\.json\) to .*openapi/openapi\.yaml\)\n$", done.output
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<!doctype html><title>Sign in to the wireless network</title>", "other.json:1: This is not JSON"),
        ('{"openapi": "3.0.3",\n"info": }', "other.json:2: This is not JSON"),
        (_WITH % ('{"get": ' + "[" * 300 + "]" * 300 + "}"), "nested more than"),
        (
            '{"openapi": "3.1.0", "info": {"version": "1"}, "paths": {}}',
            "is not a document of OpenAPI 3.0, but of 3.1.0.",
        ),
        ('{"swagger": "2.0"}', "but of 2.0."),
        ("[]", "but of something else."),
        ('{"openapi": "3.0.3", "info": {}, "paths": {}}', "has no paths or no info.version."),
        (_WITH % '\n{"$ref": "things.yaml"}', "other.json:2: The document refers to another file, things.yaml"),
        (_WITH % '\n{"$ref": "#/components/x"}', "other.json:2: There is no #/components/x in the document."),
        (_WITH % '\n{"get": 1}', "other.json:2: This is not OpenAPI 3.0: paths /things"),
        (_WITH % '{"get": {\n"responses": []}}', "other.json:2: This is not OpenAPI 3.0: paths /things get responses"),
    ],
)
def test_what_is_no_document_cannot_be_compared(old, tmp_path, content, message):
    (tmp_path / "other.json").write_text(content)
    done = diff(old, tmp_path / "other.json")
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert message in done.output


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("openapi: 3.0.3\npaths: {\n", "other.yaml:3: This is not YAML"),
        (
            "openapi: 3.0.3\npaths:\n  /things: {$ref: 'paths/\x7f.yaml'}\n",
            "other.yaml:3: This is not YAML: it has",
        ),
        ("openapi: 3.0.3\npaths:\n  /things: {$ref: paths/things.yaml}\n  /more: 5\n", "There is 1 more fault."),
        ("- 1\n", "other.yaml:1: This file is not a mapping."),
    ],
)
def test_a_broken_root_file_is_named_with_its_line(old, tmp_path, content, message):
    (tmp_path / "other.yaml").write_text(content)
    done = diff(old, tmp_path / "other.yaml")
    assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
    assert message in done.output


def test_what_is_not_there_cannot_be_compared(old, address):
    for words, message in (
        ("nowhere.json", "There is no file nowhere.json"),
        ("x" * 300, "cannot be read: File name too long."),
        ("a\0b", "There is no file"),
        (f"{address}/nothing.json", "cannot be read: HTTP Error 404"),
        ("http://127.0.0.1:1", "cannot be read"),
    ):
        done = diff(old, words)
        assert (done.exit_code, done.output.count("\n")) == (2, 1), done.output
        assert message in done.output


def test_two_forms_at_once_are_wrong_usage(old):
    assert diff(old, old, "--json", "--changelog").exit_code == 2


def test_what_a_document_has_cannot_control_the_terminal(old, tmp_path):
    (tmp_path / "other.json").write_text(_WITH % '{"$ref": "#/a\\u001b[2J\\u0000"}')
    done = diff(old, tmp_path / "other.json")
    assert (done.exit_code, r"#/a\x1b[2J\x00" in done.output) == (2, True), done.output
