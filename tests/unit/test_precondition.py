"""If-Match: a list of entity tags becomes the versions a write may replace (RFC 9110, 13.1.1)."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import PreconditionRequired, ValidationFailed
from app.policy.steps.precondition import expected_versions, make
from tests.unit.test_responses import call, policy


@pytest.mark.parametrize("text", ["*", " * ", "*\t"])
def test_a_star_allows_any_version(text: str) -> None:
    assert expected_versions(text) is None


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ('"3"', (3,)),
        ('"3", "7"', (3, 7)),
        ('"3","7" ,\t"9"', (3, 7, 9)),
        (' "3" ', (3,)),
        ('"3",, "4",', (3, 4)),
        ('"999999999"', (999_999_999,)),
    ],
)
def test_strong_tags_of_ours_are_versions(text: str, versions: tuple[int, ...]) -> None:
    assert expected_versions(text) == versions


@pytest.mark.parametrize(
    "text", ['W/"3"', '"abc"', '""', '"0"', '"03"', '"-3"', '"3.0"', '"3 "', '"٣"', '"1234567890"', '"\xff"']
)
def test_weak_and_foreign_tags_match_nothing(text: str) -> None:
    try:
        versions = expected_versions(text)
    except ValidationFailed:
        # What may not stand in a tag at all is refused instead.
        assert {" ", "٣"} & set(text[1:-1])
    else:
        assert versions == ()


def test_a_foreign_tag_beside_ours_takes_nothing_away() -> None:
    assert expected_versions('"x", W/"3", "4"') == (4,)


@pytest.mark.parametrize("text", ["", " ", "3", '"3', '3"', '"3" "4"', 'w/"3"', "W/3", '*, "3"', '"3", *', "a,b", ";"])
def test_anything_else_is_refused_with_its_header(text: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        expected_versions(text)

    assert [violation.field for violation in refused.value.details] == ["If-Match"]


@given(st.text(alphabet='"W/*, 0123456789a\xff', max_size=30))
def test_no_text_is_taken_for_a_version_it_does_not_quote(text: str) -> None:
    try:
        versions = expected_versions(text)
    except ValidationFailed:
        return
    assert versions is None or all(f'"{version}"' in text for version in versions)


@given(st.text(alphabet='"W/, 1', min_size=200, max_size=1024))
def test_reading_ends_soon_whatever_is_sent(text: str) -> None:
    try:
        found = expected_versions(text)
    except ValidationFailed:
        found = ()
    assert found is not None


def test_a_missing_header_is_named_in_the_refusal() -> None:
    step = make(SimpleNamespace(policy=replace(policy(method="put"), precondition="required")))
    assert step is not None

    with pytest.raises(PreconditionRequired) as refused:
        step(call())

    assert [violation.field for violation in refused.value.details] == ["If-Match"]
