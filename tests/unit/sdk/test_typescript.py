"""The sources of the TypeScript package; `make prove PART=sdk_typescript` compiles and runs them."""

import copy
import re
from pathlib import Path
from typing import Any

import pytest

from app import resources
from app.sdk.document import GenerationError, operations
from app.sdk.error_codes import error_codes
from app.sdk.names import camel
from app.sdk.typescript import build_typescript
from app.sdk.typescript.sources import write_sources
from app.sdk.typescript.types import comment, member, type_of, write_types
from tests.document import DOCUMENT

LAYER = resources.SDK / "typescript"


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sources."""
    folder = tmp_path_factory.mktemp("typescript") / "src"
    write_sources(DOCUMENT.bundle, LAYER, folder)
    return folder


def text_of(folder: Path, name: str) -> str:
    return (folder / name).read_text(encoding="utf-8")


def test_every_operation_is_a_method_of_its_tag_in_both_classes(sources: Path) -> None:
    for _, _, operation in operations(DOCUMENT.bundle):
        text = text_of(sources, f"resources/{operation['tags'][0]}.ts")
        assert len(re.findall(rf"^  {camel(operation['operationId'])}\(.*\{{$", text, re.MULTILINE)) == 2
        assert operation["summary"] in text


def test_every_code_has_a_class(sources: Path) -> None:
    text = text_of(sources, "errors.ts")
    for error in error_codes(DOCUMENT.bundle):
        assert f"export class {error.name} extends ResponseError" in text
        assert f"  {error.code}: {error.name}," in text


def test_arguments_have_the_types_and_the_options_that_the_document_says(sources: Path) -> None:
    users, profiles = text_of(sources, "resources/users.ts"), text_of(sources, "resources/profiles.ts")
    assert "  getUser(userId: string, options?: CallOptions): Promise<User> {" in users
    assert "createUser(body: CreateUserRequest, options?: CallOptions & IdempotencyKey): Promise<User> {" in users
    assert "suspendUser(userId: string, body?: SuspendUserRequest, options?: CallOptions & IfMatch)" in users
    assert "iterUsers(query?: ListUsersQuery, options?: CallOptions): AsyncGenerator<User, void, undefined>" in users
    assert "body: ReplaceProfileRequest, options: CallOptions & IfMatchRequired): Promise<Profile> {" in profiles
    assert '["display_name", "locale", "time_zone", "avatar_url", "bio", ]' in profiles
    assert "values: [503]" in text_of(sources, "resources/health.ts")
    assert 'times: ["since", "until"],' in text_of(sources, "resources/audit.ts")
    assert text_of(sources, "resources/auth.ts").count("empty: true") == 1


def test_an_enum_of_responses_takes_other_texts_and_one_of_requests_does_not(sources: Path) -> None:
    models = text_of(sources, "models.ts")
    assert 'export type UserStatus = "active" | "suspended" | (string & {});' in models
    assert re.search(r"^export type LogoutScope = [^(]+;$", models, re.MULTILINE)


def test_null_and_absent_are_told_apart(sources: Path) -> None:
    models = text_of(sources, "models.ts")
    received = models.partition("export interface Profile {")[2].partition("\n}")[0]
    sent = models.partition("export interface UpdateMeRequest {")[2].partition("\n}")[0]
    assert "  bio: string | null;" in received
    assert "  bio?: string | null;" in sent
    assert "  since?: string | Date | undefined;" in models


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"type": "integer", "nullable": True}, "number | null"),
        ({"type": "array", "items": {"type": "string", "nullable": True}}, "(string | null)[]"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, "Record<string, number>"),
        ({"type": "object", "additionalProperties": True}, "Record<string, unknown>"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"type": "boolean", "enum": [True]}, "true"),
        ({"nullable": True, "description": "Anything."}, "unknown"),
    ],
)
def test_a_schema_has_a_type(schema: dict[str, Any], written: str) -> None:
    assert type_of({}, schema) == written


def test_a_property_shows_its_description_and_its_example() -> None:
    document = {"components": {"schemas": {"Name": {"type": "string", "description": "A name.", "example": "Ada"}}}}
    shown = member(document, "name", {"$ref": "#/components/schemas/Name"}, optional=True)
    assert shown == "  /** A name. Example: `Ada`. */\n  name?: string;"
    assert write_types(document, []) == ""
    assert member({}, "a-b", {"type": "string"}, optional=False) == '  "a-b": string;'


def test_what_is_deprecated_is_shown_as_such(tmp_path: Path) -> None:
    bundle = copy.deepcopy(DOCUMENT.bundle)
    listed = bundle["paths"]["/v1/users"]["get"]
    listed |= {"deprecated": True, "x-sunset": {"on": "2027-06-30", "since": "2026-12-01"}}
    bundle["paths"]["/v1/users"]["post"] |= {"deprecated": True, "x-sunset": "2028-01-31"}
    bundle["paths"]["/v1/roles"]["get"]["deprecated"] = True
    bundle["components"]["schemas"]["CreateUserRequest"]["properties"]["role"]["deprecated"] = True
    write_sources(bundle, LAYER, tmp_path / "src")
    users = text_of(tmp_path / "src", "resources/users.ts")
    # The operation, beside its facts and through all pages.
    assert users.count("   * @deprecated It may be removed on 2027-06-30.\n   */\n  listUsers(") == 2
    assert "   * @deprecated It may be removed on 2027-06-30.\n   */\n  iterUsers(" in users
    assert users.count("   * @deprecated It may be removed on 2028-01-31.\n   */\n  createUser(") == 2
    assert "@deprecated It may be removed in a later version." in text_of(tmp_path / "src", "resources/roles.ts")
    models = text_of(tmp_path / "src", "models.ts")
    assert re.search(r"   \* @deprecated\n   \*/\n  role\?: ", models)
    assert models.count("@deprecated") == 1


def test_a_comment_cannot_end_early() -> None:
    assert comment("Matches */* only.") == "/** Matches *\\/* only. */\n"


def test_a_schema_without_a_type_is_named() -> None:
    with pytest.raises(GenerationError, match=r"^shape has a schema without a type of TypeScript"):
        member({}, "shape", {"allOf": []}, optional=False)


def test_a_missing_node_is_told_with_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GenerationError, match=r"^node is not on PATH: .*\nInstall them"):
        build_typescript(DOCUMENT.bundle, layer=LAYER, licence=resources.LICENSE, output=tmp_path)
