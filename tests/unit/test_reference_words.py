"""The reference says in words what a policy means, and shows how to call an operation."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from app.config import Bucket, Config
from app.pages.reference.guides import introduction, numbers
from app.pages.reference.policy_words import limit, policy_rules, span
from app.pages.reference.samples import Sample, curl, python, typescript
from app.sdk.error_codes import error_codes
from app.spec.document import load
from app.spec.operation import Operation, operations
from tests.document import DOCUMENT
from tests.unit.small_document import USER, change, read, write

BODY = """
          examples:
            first:
              value: {from: "it's", note: {two words: [1, true, null, 'say "so"']}}
"""


def words(folder: Path, name: str, user: str = USER) -> dict[str, str]:
    policy = read(folder, {"paths/user.yaml": user})[name]
    return {rule.matter: rule.text for rule in policy_rules(policy, Config())}


def badges(folder: Path, name: str, user: str = USER) -> list[str]:
    policy = read(folder, {"paths/user.yaml": user})[name]
    return [rule.badge for rule in policy_rules(policy, Config()) if rule.badge]


def test_each_key_becomes_a_sentence_with_the_numbers_of_the_deployment(tmp_path: Path) -> None:
    assert words(tmp_path, "update_user") == {
        "Access": "The account `user_id` itself, or callers with `users:read` and `users:update`.",
        "Properties": "Setting `email` requires `users:update`, `profile.bio` requires `users:read`.",
        "Step-up": "An owner must have signed in within the last 10 minutes, else 403.",
        "Rate limit": "120 requests per minute for each account, with all operations of the bucket `write`.",
        "Precondition": "`If-Match` is required: if there is another version by now, the response is 412. "
        "Without it, the response is 428.",
        "Audit trail": "A decision and the event `user.updated`.",
    }


def test_the_badges_are_the_short_form(tmp_path: Path) -> None:
    assert badges(tmp_path, "update_user") == [
        "owner or users:read and users:update",
        "recent sign-in",
        "120 requests per minute",
        "If-Match required",
    ]


def test_a_public_operation_without_a_limit_says_so(tmp_path: Path) -> None:
    user = USER.replace("x-permission: users:read\n", "x-public: true\n  security: []\n  x-rate-limit: none\n", 1)
    assert words(tmp_path, "get_user", user) == {"Access": "Everyone, without a token.", "Rate limit": "None."}


@pytest.mark.parametrize(
    ("bucket", "text"),
    [
        (Bucket(60, 60), "60 requests per minute"),
        (Bucket(5, 1), "5 requests per second"),
        (Bucket(9, 7200), "9 requests in 2 hours"),
        (Bucket(120, 60, 20), "120 requests per minute, 20 at once"),
    ],
)
def test_a_limit_is_read_as_people_say_it(bucket: Bucket, text: str) -> None:
    assert limit(bucket) == text


def test_a_time_is_in_its_largest_whole_unit() -> None:
    assert [span(seconds) for seconds in (1, 90, 60, 900, 3600, 86_400, 90 * 86_400)] == [
        "1 second", "90 seconds", "1 minute", "15 minutes", "1 hour", "1 day", "90 days",
    ]  # fmt: skip


def test_the_guides_name_only_what_there_is() -> None:
    text = introduction("Text.\n\n## First\n\nCall localhost:8080/v1.", Config(public_url="https://x.example/a"))

    assert text.startswith("Text.\n\n# Guides\n\n")
    assert "Call https://x.example/a/v1." in text
    assert introduction("Text.", Config(), heading="").startswith("Text.\n\n## Packages\n\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == [
        "First", "Packages", "Versions", "Proxies", "Numbers of this deployment",
    ]  # fmt: skip
    codes = error_codes(DOCUMENT.bundle)
    named = set(re.findall(r"`([A-Z][A-Za-z]+|[A-Z_]{5,})`", text)) - {"Link", "Location"}
    assert named <= {code.code for code in codes} | {code.name for code in codes}
    headers = {"Idempotency-Key", "Retry-After"}
    assert headers <= set(re.findall(r"`([A-Z][a-z]+-[A-Z][a-z]+)`", text))


def test_the_numbers_are_those_of_the_configuration() -> None:
    changed = Config(
        access_token_seconds=3600,
        session_idle_days=7,
        buckets={**Config().buckets, "read": Bucket(5, 1)},
        body_limit=2048,
    )

    rows = dict(re.findall(r"^\| (.+) \| (.+) \|$", numbers(changed), re.MULTILINE))
    assert rows["an access token is valid for"] == "1 hour"
    assert rows["a session ends without a refresh after"] == "7 days"
    assert rows["the bucket `read` allows"] == "5 requests per second"
    assert rows["the largest body has"] == "2048 bytes"
    assert {f"the bucket `{name}` allows" for name in changed.buckets} < set(rows)


@pytest.fixture
def update(tmp_path: Path) -> Operation:
    """An operation whose body has every kind of value."""
    schema = "        schema: {$ref: '../components/schemas.yaml#/User'}\n"
    folder = write(
        tmp_path, {"paths/user.yaml": change(schema, schema + BODY.replace("\n          ", "\n        ").lstrip("\n"))}
    )
    return next(item for item in operations(load(folder / "openapi.yaml")) if item.method == "patch")


@pytest.mark.parametrize(
    ("write_sample", "lines"),
    [
        (
            curl,
            [
                "curl -X PATCH 'https://x.example/v1/users/user_id' \\",
                "  -H 'If-Match: \"7\"' \\",
                """  "from": "it'\\''s",""",
                """      "say \\"so\\"\"""",
            ],
        ),
        (
            python,
            [
                'client = Charter("https://x.example")',
                '    "user_id",',
                '    from_="it\'s",',
                """    note={"two words": [1, True, None, 'say "so"']},""",
                """    if_match='"7"',""",
            ],
        ),
        (
            typescript,
            [
                'const client = new Charter({ baseUrl: "https://x.example" });',
                "await client.users.updateUser(",
                """    from: "it's",""",
                """    note: { "two words": [1, true, null, 'say "so"'] },""",
                """  { ifMatch: '"7"' },""",
            ],
        ),
    ],
)
def test_values_are_written_as_the_language_wants_them(
    update: Operation, write_sample: Callable[[Sample], str], lines: list[str]
) -> None:
    text = write_sample(Sample(update, "https://x.example"))
    assert [line for line in lines if line not in text.splitlines()] == [], text
