"""If-Match: a list of entity tags becomes the versions a write may replace (RFC 9110, 13.1.1)."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import PreconditionRequired, ValidationError
from app.pipeline.steps.precondition import expected_versions, make
from tests.unit.made import make_context, make_policy


@pytest.mark.parametrize("text", ["*", " * ", "*\t"])
def test_a_star_allows_any_version(text: str) -> None:
    assert expected_versions(text) is None


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ('"3"', ("3",)),
        ('"3", "7"', ("3", "7")),
        ('"3","7-clerk" ,\t"9"', ("3", "7-clerk", "9")),
        (' "3" ', ("3",)),
        ('"3",, "4",', ("3", "4")),
        ('"", "03", "a,b", "\xff"', ("", "03", "a,b", "\xff")),
    ],
)
def test_tags_are_versions_as_they_stand(text: str, versions: tuple[str, ...]) -> None:
    assert expected_versions(text) == versions


def test_of_a_weak_tag_counts_what_it_says() -> None:
    assert expected_versions('W/"3"') == ("3",)
    assert expected_versions('"x", W/"3", "4"') == ("x", "3", "4")


@pytest.mark.parametrize(
    "text", ["", " ", "3", '"3', '3"', '"3" "4"', 'w/"3"', "W/3", '*, "3"', '"3", *', "a,b", ";", '"3 "', '"٣"']
)
def test_anything_else_is_refused_with_its_header(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        expected_versions(text)

    assert [violation.field for violation in refused.value.details] == ["If-Match"]


@given(st.text(alphabet='"W/*, 0123456789a\xff', max_size=30))
def test_no_text_is_taken_for_a_version_it_does_not_quote(text: str) -> None:
    try:
        versions = expected_versions(text)
    except ValidationError:
        return
    assert versions is None or all(f'"{version}"' in text for version in versions)


@given(st.text(alphabet='"W/, 1', min_size=200, max_size=1024))
def test_reading_ends_soon_whatever_is_sent(text: str) -> None:
    try:
        found = expected_versions(text)
    except ValidationError:
        found = ()
    assert found is not None


def test_a_missing_header_is_named_in_the_refusal() -> None:
    step = make(SimpleNamespace(policy=make_policy(method="put", safe=False, precondition="required")))
    assert step is not None

    with pytest.raises(PreconditionRequired) as refused:
        step(make_context())

    assert [violation.field for violation in refused.value.details] == ["If-Match"]
