"""Entity tags: compared whole, also in the form that a proxy gave to exactly the current one; a refusal says why."""

import re

import pytest

from app.entity_tags import NUMBER, NUMBER_AND_DIGEST, check_if_match, is_named, is_unchanged, parse
from app.errors import PreconditionFailed

CHANGED = "The resource has changed since you read it. Read it again and repeat with its new ETag."
NEVER = "never had"
OTHER = "does not name the current version"
CURRENT = "5-cf67230561ba"
# What nginx, HAProxy, Envoy, Cloudflare, Apache, Caddy, Jetty and others make of it.
FORMS = (
    '"{}"', 'W/"{}"', '"{}-gzip"', '"{}-br"', '"{}-zstd"', '"{}-deflate"', '"{}--gzip"', '"{};gzip"', '"{};br"',
    '"{}:gzip"', '"{}-x-gzip"', 'W/"{}-gzip"', 'W/"{};gzip"', '"9-000000000000", W/"{}"', ' , "{}-gzip" ,',
)  # fmt: skip
# What no proxy makes of it.
STRANGERS = (
    '"5"', '"5-"', '"5-cf67230561b"', '"5-cf67230561bax"', '"cf67230561ba"', '"5-cf67230561ba-"',
    '"5-cf67230561ba-GZIP"', '"5-cf67230561ba-gzip-gzip"', '"5-cf67230561ba-identity"', '"5-cf67230561bagzip"',
    '"gzip-5-cf67230561ba"', '"05-cf67230561ba"', '"5-CF67230561BA"', '"-gzip"', '""', 'W/"5"', '"5-gzip"',
)  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_the_current_tag_in_any_form_a_proxy_gives_it_is_the_current_tag(form: str) -> None:
    given = form.format(CURRENT)

    check_if_match(parse(given), CURRENT, form=NUMBER_AND_DIGEST)
    assert is_unchanged(given, CURRENT)


@pytest.mark.parametrize("given", STRANGERS)
def test_no_part_of_a_tag_and_no_other_form_is_the_tag(given: str) -> None:
    with pytest.raises(PreconditionFailed, match=NEVER):
        check_if_match(parse(given), CURRENT, form=NUMBER_AND_DIGEST)
    assert not is_unchanged(given, CURRENT)


@pytest.mark.parametrize(
    ("given", "current", "form", "told"),
    [
        ('"4-cf67230561ba"', CURRENT, NUMBER_AND_DIGEST, CHANGED),
        ('W/"4-cf67230561ba-gzip"', CURRENT, NUMBER_AND_DIGEST, CHANGED),
        ('"x", "4-cf67230561ba", "9-cf67230561ba"', CURRENT, NUMBER_AND_DIGEST, CHANGED),
        ('"5-000000000000"', CURRENT, NUMBER_AND_DIGEST, OTHER),
        ('"6-cf67230561ba"', CURRENT, NUMBER_AND_DIGEST, OTHER),
        ('"6-cf67230561ba"', "0-cf67230561ba", NUMBER_AND_DIGEST, OTHER),
        ('"1"', "2", NUMBER, CHANGED),
        ('"3"', "2", NUMBER, OTHER),
        ('"99999999999999999999"', "2", NUMBER, NEVER),
        ('"0"', "2", NUMBER, NEVER),
        ('"1-clerk"', "2", NUMBER, NEVER),
        ("", "2", NUMBER, NEVER),
    ],
)
def test_the_refusal_says_the_true_reason(given: str, current: str, form: re.Pattern[str], told: str) -> None:
    with pytest.raises(PreconditionFailed) as refused:
        check_if_match(parse(given) if given else (), current, form=form)

    assert told in refused.value.message


def test_what_has_no_tag_takes_none() -> None:
    check_if_match(None, None)
    with pytest.raises(PreconditionFailed, match="has no ETag"):
        check_if_match(parse('"1"'), None)


def test_a_star_names_whichever_there_is() -> None:
    check_if_match(parse("*"), CURRENT)
    assert is_unchanged("*", CURRENT)


def test_a_tag_that_ends_like_a_coding_is_taken_for_itself_alone() -> None:
    assert is_named("7-gzip", ("7-gzip",))
    assert is_named("7-gzip", ("7-gzip-gzip",))
    assert not is_named("7-gzip", ("7",))


@pytest.mark.parametrize("condition", ["", "1", '"1', "'1'", '"2", 1', 'w/"1"'])
def test_a_condition_that_cannot_be_read_names_no_version(condition: str) -> None:
    assert not is_unchanged(condition, "1")
