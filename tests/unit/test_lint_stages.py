"""The faults of every stage are told in one run, and none that only follows from another."""

import shutil
from pathlib import Path

import pytest

from app.cli.spec_lint import faults_of_the_validator
from app.config import Config
from app.pipeline.contract import SecondOpinion, read_contract
from app.resources import OPENAPI
from app.spec.document import Document, DocumentError, Fault


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the document, for a test to make mistakes in."""
    shutil.copytree(OPENAPI, tmp_path / "openapi", ignore=shutil.ignore_patterns("released"))
    return tmp_path / "openapi"


def change(folder: Path, file: str, old: str, new: str) -> None:
    """Replace the first text of this kind in a file."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def told(folder: Path, second_opinion: SecondOpinion | None = None) -> list[str]:
    """Return the faults without their lines."""
    with pytest.raises(DocumentError) as caught:
        read_contract(Config(), document=folder / "openapi.yaml", thorough=True, second_opinion=second_opinion)
    return [
        f"{fault.place.file.removeprefix('openapi/')}: {fault.message} {fault.fix}" for fault in caught.value.faults
    ]


def test_a_mistake_in_each_stage_is_told_in_one_run(folder: Path) -> None:
    change(folder, "openapi.yaml", "paths/me.yaml", "paths/mee.yaml")
    change(folder, "components/schemas/users.yaml", "type: boolean", "type: bool")
    change(folder, "paths/users.yaml", "schemas/users.yaml#/", "schemas/user.yaml#/")
    change(folder, "paths/roles.yaml", "x-permission: roles:read", "x-permission: roles:raed")
    change(folder, "paths/role.yaml", "operationId: get_role", "operationId: get_rolle")
    change(folder, "paths/audit_events.yaml", "tags: [audit]", "tags: [audits]")
    change(folder, "events.yaml", "description:", "descriptoin:")

    parts = [
        ("components/schemas/users.yaml", "email_verified type is bool, which", "Did you mean boolean?"),
        ("events.yaml", "user.registered", ""),
        ("openapi.yaml", "There is no file paths/mee.yaml.", "Did you mean paths/me.yaml?"),
        ("paths/audit_events.yaml", "The tag audits is not declared.", "Did you mean audit?"),
        ("paths/role.yaml", "The operation get_rolle has no handler.", "Did you mean get_role?"),
        ("paths/roles.yaml", "There is no permission roles:raed.", "Did you mean roles:read?"),
        ("paths/users.yaml", "names a file that does not exist.", "Did you mean ../components/schemas/users.yaml?"),
    ]
    faults = told(folder)
    assert len(faults) == len(parts), "\n".join(faults)
    for fault, (file, message, fix) in zip(faults, parts, strict=True):
        assert fault.startswith(f"{file}: ")
        assert message in fault
        assert fix in fault


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("components/schemas/users.yaml", "type: boolean", "type: bool", "email_verified type is bool"),
        ("components/schemas/users.yaml", "  type: object", "\ttype: object", "A tab is used for indentation."),
        ("components/parameters.yaml", "UserIdInPath:", "UserIdInPat:", "UserIdInPath has no target. Did you mean"),
        ("paths/user.yaml", "operationId: get_user", "operationId: [", "This is not YAML"),
        ("permissions.yaml", "  description:", "  descriptoin:", "account:read must have a description"),
    ],
)
def test_one_mistake_is_told_where_it_is_and_nowhere_else(
    folder: Path, file: str, old: str, new: str, message: str
) -> None:
    change(folder, file, old, new)
    faults = told(folder)
    assert [fault for fault in faults if message not in fault] == []


def test_what_does_not_depend_on_a_wrong_part_is_still_checked(folder: Path) -> None:
    change(folder, "paths/user.yaml", "operationId: get_user", "operationId: [")
    change(folder, "paths/roles.yaml", "x-rate-limit: read", "x-rate-limit: reed")
    bucket, broken = told(folder)
    assert bucket.startswith("paths/roles.yaml: There is no bucket reed.")
    assert broken.startswith("paths/user.yaml: This is not YAML")


def test_the_openapi_validator_is_asked_although_there_are_other_faults(folder: Path) -> None:
    change(folder, "paths/roles.yaml", "x-permission: roles:read", "x-permission: roles:raed")
    change(folder, "components/schemas/users.yaml", "default: false", "default: perhaps")

    opinion: list[Fault] = []

    def ask(document: Document, well_formed: bool) -> list[Fault]:
        opinion.extend(faults_of_the_validator(document, well_formed))
        return opinion

    faults = told(folder, ask)

    assert [fault.message for fault in opinion] == ["openapi-spec-validator says: 'perhaps' is not of type 'boolean'."]
    assert len(faults) == 2  # and not the default again
    assert any("The default does not match its schema: default must be true or false." in fault for fault in faults)
    assert any("There is no permission roles:raed." in fault for fault in faults)


def test_the_openapi_validator_repeats_no_fault(folder: Path) -> None:
    change(folder, "openapi.yaml", "  title:", "  titel:")
    change(folder, "openapi.yaml", "tags:\n", "tags:\n  - {nam: x}\n")
    change(folder, "paths/me.yaml", "responses:", "respones:")
    change(folder, "paths/roles.yaml", "operationId: list_roles", "operationId: create_role")
    extra = "    - {name: other, in: path, required: true, schema: {type: string}}\n    - {$ref:"
    change(folder, "paths/role.yaml", "    - {$ref:", extra)

    assert told(folder, faults_of_the_validator) == told(folder)


def test_a_file_that_cannot_be_used_hides_nothing_and_nothing_follows_from_it(folder: Path) -> None:
    text = (folder / "paths/role.yaml").read_text(encoding="utf-8")
    (folder / "paths/role.yaml").write_text(f"{text}\nget: {{}}\n", encoding="utf-8")
    (folder / "errors.yaml").write_bytes(b"VALIDATION_ERROR:\n  status: \xff\n")
    for name, target in (("stats_users", "stats_users.yaml"), ("permissions", "nowhere.yaml")):
        (folder / f"paths/{name}.yaml").unlink()
        (folder / f"paths/{name}.yaml").symlink_to(target)
    change(folder, "paths/roles.yaml", "x-rate-limit: read", "x-rate-limit: reed")

    found = [fault.partition(". ")[0] for fault in told(folder)]

    assert found == [
        "errors.yaml: The file is not UTF-8",
        "openapi.yaml: paths/permissions.yaml is a link that leads to no file",
        "openapi.yaml: paths/stats_users.yaml is a link that leads to no file",
        "paths/role.yaml: The key `get` is here twice, first in line 1",
        "paths/roles.yaml: There is no bucket reed",
    ]
