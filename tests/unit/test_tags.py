"""Tags: what the document writes, what is spelt of it, and what a client may name."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cache.tags import EVERYTHING, KnownTags, TagTemplate, as_text, as_uuid

USER = UUID("019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d")
KNOWN = KnownTags(
    [
        (TagTemplate.parse("user:{user_id}"), (as_uuid,)),
        (TagTemplate.parse("settings"), ()),
        (TagTemplate.parse("part:{one}:of:{two}"), (as_text, as_text)),
    ]
)


def test_values_stand_where_the_braces_are() -> None:
    assert TagTemplate.parse("user:{user_id}").expand({"user_id": USER, "more": 1}) == f"user:{USER}"
    assert TagTemplate.parse("settings").expand({}) == "settings"
    assert str(TagTemplate.parse("part:{one}:of:{two}")) == "part:{one}:of:{two}"


@pytest.mark.parametrize("text", ["", ":", "a:", "A", "a b", "a:{}", "a:{B}", "a:{b", "a:{b}c", "*", "a\n"])
def test_what_is_no_tag_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a tag"):
        TagTemplate.parse(text)


PAIR = TagTemplate.parse("part:{one}:of:{two}")


@given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
def test_no_values_can_pass_for_others(one: tuple[str, str], other: tuple[str, str]) -> None:
    spelt = [PAIR.expand({"one": first, "two": second}) for first, second in (one, other)]

    assert (spelt[0] == spelt[1]) == (one == other)
    assert all(tag.count(":") == 3 and not set(tag) & set("*? \n\r\0[]") for tag in spelt)


@pytest.mark.parametrize("value", [":", "*", "\n", "a:of:b", "%3A", "\u00e9", "a/b", " ", "\0"])
def test_what_means_something_elsewhere_means_nothing_in_a_value(value: str) -> None:
    tag = PAIR.expand({"one": value, "two": "x"})

    assert tag.count(":") == 3
    assert tag != EVERYTHING
    assert KNOWN.resolve(tag) == tag


@pytest.mark.parametrize("text", [f"user:{USER}", f"user:{str(USER).upper()}", f"user:{USER.hex}", f"user:{{{USER}}}"])
def test_a_tag_is_known_however_its_value_is_spelt_and_spelt_one_way(text: str) -> None:
    assert KNOWN.resolve(text) == f"user:{USER}"


@pytest.mark.parametrize(
    "text",
    ["", "user", "user:", "user:1", "user:*", "*", "settings:", "Settings", "part:a:of:", "part:a:on:b", "user:%ff"],
)
def test_a_tag_that_there_is_not_is_not_known(text: str) -> None:
    assert KNOWN.resolve(text) is None


def test_tags_are_of_one_shape_when_they_can_be_spelt_the_same() -> None:
    assert TagTemplate.parse("user:{caller}").has_same_shape(TagTemplate.parse("user:{user_id}"))
    assert not TagTemplate.parse("user:{caller}").has_same_shape(TagTemplate.parse("users"))
    assert not TagTemplate.parse("user:{caller}").has_same_shape(TagTemplate.parse("role:{caller}"))
