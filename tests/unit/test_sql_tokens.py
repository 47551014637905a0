"""Two SQL texts have the same tokens if they differ in comments and white space only."""

import pytest

from tests.sql_tokens import tokens


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ["SELECT", "1"]),
        ("  SELECT\n\t1 ;\n", ["SELECT", "1", ";"]),
        ("SELECT 1 -- one\n, 2", ["SELECT", "1", ",", "2"]),
        ("SELECT 1 -- it's one", ["SELECT", "1"]),
        ("SELECT/* a /* nested */ 'comment' */1", ["SELECT", "1"]),
        ("a /* -- */ b", ["a", "b"]),
        ("a -- /*\nb", ["a", "b"]),
        ("a*--c\nb", ["a", "*", "b"]),
        ("a+/*c*/b", ["a", "+", "b"]),
        ("'-- no comment' x", ["'-- no comment'", "x"]),
        ("'/* no comment */'", ["'/* no comment */'"]),
        ("'two  spaces\n and a line'", ["'two  spaces\n and a line'"]),
        ("'it''s -- one' --two", ["'it''s -- one'"]),
        (r"'a\' -- b", [r"'a\'"]),
        (r"E'a\' -- b' c", [r"E'a\' -- b'", "c"]),
        ("E 'a'", ["E", "'a'"]),
        (r"U&'\0061 -- b' c", [r"U&'\0061 -- b'", "c"]),
        ('"a -- name" b', ['"a -- name"', "b"]),
        ('"two  spaces"', ['"two  spaces"']),
        ('"it""s -- one" b', ['"it""s -- one"', "b"]),
        ("""to_char(x, '"audit_"YYYY')""", ["to_char", "(", "x", ",", """'"audit_"YYYY'""", ")"]),
        ("$$ a -- b\n  c $$ d", ["$$ a -- b\n  c $$", "d"]),
        ("$body$ a $$ -- b $body$ c", ["$body$ a $$ -- b $body$", "c"]),
        ("a$b$c", ["a$b$c"]),
        ("$1+$2", ["$1", "+", "$2"]),
        ("0..3", ["0", "..", "3"]),
        ("1.5 2e10", ["1.5", "2e10"]),
        ("a.b::uuid[] := c => d", ["a", ".", "b", "::", "uuid", "[", "]", ":=", "c", "=>", "d"]),
        ("straße <> 'é'", ["straße", "<>", "'é'"]),
        ("#variable_conflict use_column", ["#", "variable_conflict", "use_column"]),
    ],
)
def test_comments_and_white_space_go_and_the_rest_stays(text: str, expected: list[str]) -> None:
    assert tokens(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("'a b'", "'a  b'"),
        ("'a -- b'", "'a '"),
        ('"a b"', '"a  b"'),
        ('"a"', "a"),
        ("a < = b", "a <= b"),
        ("a b", "ab"),
        ("a - -b", "a --b"),
        ("$$a b$$", "$$a  b$$"),
        ("$$a -- b$$", "$$a $$"),
        ("p_now", "P_now"),
        ("'A'", "'a'"),
    ],
)
def test_what_means_something_else_differs(one: str, other: str) -> None:
    assert tokens(one) != tokens(other)


@pytest.mark.parametrize("text", ["'a", "E'a\\'", '"a', "$$a", "$a$ b $$", "/* a", "/* /* a */", "a \\ b"])
def test_a_text_without_an_end_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="no end"):
        tokens(text)
