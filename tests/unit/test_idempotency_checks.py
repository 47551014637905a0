"""x-idempotency stops the start where a key could belong to nobody, or a response that is kept would hold a secret."""

from pathlib import Path

import pytest

from tests.unit.small_document import USER, Breach, change, check_breach, faults, get, read

KEY = "{name: idempotency-key, in: header, schema: {type: string, maxLength: 255}}"
KEYED = f"""\
post:
  operationId: make_user
  tags: [users]
  x-permission: users:update
  x-idempotency: accepted
  parameters: [{KEY}]
  responses:
    default: {{}}
    "201": RESPONSE
    "400": {{}}
    "401": {{}}
    "403": {{}}
    "409": {{}}
    "422": {{}}
    "429": {{}}
"""
LINE = len(USER.splitlines()) + 5
CARRIED = "Location: {}, Idempotency-Replayed: {}"


def keyed(response: str = f"{{headers: {{{CARRIED}}}}}") -> dict[str, str]:
    return {"paths/user.yaml": USER + KEYED.replace("RESPONSE", response)}


def holding(schema: str) -> dict[str, str]:
    return keyed(f"{{headers: {{{CARRIED}}}, content: {{application/json: {{schema: {schema}}}}}}}")


def keyed_but(old: str, new: str) -> dict[str, str]:
    return {"paths/user.yaml": USER + change(old, new, keyed()["paths/user.yaml"].removeprefix(USER))}


@pytest.mark.parametrize("word", ["accepted", "required"])
def test_the_key_becomes_part_of_the_policy(tmp_path: Path, word: str) -> None:
    policies = read(tmp_path, keyed_but("accepted", word))

    assert policies["make_user"].idempotency == word
    assert policies["update_user"].idempotency is None


BREACHES: dict[str, Breach] = {
    "another word": (keyed_but("accepted", "always"), LINE, "value of x-idempotency"),
    "of a read": (get("tags:", "x-idempotency: accepted\n  tags:"), 5, "does not belong on GET"),
    "without the header": (
        keyed_but("idempotency-key", "idempotency"),
        LINE,
        "POST /v1/users/{user_id} has x-idempotency, but no header parameter Idempotency-Key",
    ),
    "the header without the key": (
        keyed_but("  x-idempotency: accepted\n", ""),
        LINE,
        "POST /v1/users/{user_id} has no x-idempotency, so that its Idempotency-Key would be ignored",
    ),
    "a key without bound": (keyed_but(", maxLength: 255", ""), LINE + 1, "at most 255 characters"),
    "a key too long": (keyed_but("255", "256"), LINE + 1, "at most 255 characters"),
    "a key that is a number": (keyed_but("string", "integer"), LINE + 1, "at most 255 characters"),
    "of nobody": (
        keyed_but("x-permission: users:update", "x-public: true\n  security: []"),
        LINE + 1,
        "is public, but has x-idempotency",
    ),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_what_cannot_be_repeated_stops_the_start(tmp_path: Path, breach: str) -> None:
    check_breach(tmp_path, BREACHES[breach])


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ("{properties: {data: {properties: {access_token: {type: string}}}}}", "data.access_token"),
        ("{properties: {words: {type: string, format: password}}}", "words"),
        ("{properties: {password: {type: string}}}", "password"),
        ("{type: array, items: {properties: {client_secret: {type: string}}}}", "client_secret"),
        ("{additionalProperties: {properties: {token: {type: string}}}}", "token"),
        ("{allOf: [{type: object}, {properties: {Recovery_Tokens: {type: array}}}]}", "Recovery_Tokens"),
        ("{oneOf: [{anyOf: [{properties: {otp: {type: string}}}]}]}", "otp"),
    ],
)
def test_a_response_that_holds_a_secret_is_not_kept(tmp_path: Path, schema: str, path: str) -> None:
    [fault] = faults(tmp_path, holding(schema))

    assert fault.startswith(
        f"openapi/paths/user.yaml:{LINE}: The 201 response of POST /v1/users/{{user_id}} holds the secret {path}, and"
    )


def test_a_header_that_holds_a_secret_is_not_kept(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, keyed(f"{{headers: {{{CARRIED}, Set-Cookie: {{schema: {{type: string}}}}}}}}"))

    assert "holds the secret Set-Cookie" in fault


@pytest.mark.parametrize(
    "schema",
    [
        "{properties: {token_type: {type: string}, password_set: {type: boolean}, key: {type: string}}}",
        "{properties: {password: {type: string, writeOnly: true}}}",
        "{$ref: '../components/schemas.yaml#/User'}",
    ],
)
def test_what_only_sounds_like_a_secret_may_be_kept(tmp_path: Path, schema: str) -> None:
    assert read(tmp_path, holding(schema))["make_user"].idempotency == "accepted"


def test_a_schema_that_contains_itself_is_looked_at_once(tmp_path: Path) -> None:
    schemas = {"components/schemas.yaml": SELF}

    [fault] = faults(tmp_path, holding("{$ref: '../components/schemas.yaml#/Node'}") | schemas)

    assert "holds the secret secret" in fault


SELF = """\
User:
  type: object
  properties:
    email: {type: string, x-write-permission: users:update}
Node:
  type: object
  properties:
    inner: {$ref: '#/Node'}
    secret: {type: string}
"""


@pytest.mark.parametrize("status", [409, 422])
def test_its_refusals_are_documented(tmp_path: Path, status: int) -> None:
    [fault] = faults(tmp_path, keyed_but(f'    "{status}": {{}}\n', ""))

    assert f'make_user can return {status} (x-idempotency), but does not document it. Add "{status}".' in fault
