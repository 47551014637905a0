"""Parameters: strict in every place alike, all violations together, each with its name."""

from typing import Any
from uuid import UUID

import pytest

from app.errors import ValidationError
from app.spec.validation.parameters import ParameterReader, UnreadableParameterError, argument_name, compile_parameters

ID = "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"
TEXT: dict[str, Any] = {"type": "string"}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
INTEGER: dict[str, Any] = {"type": "integer"}
BUNDLE: dict[str, Any] = {
    "components": {
        "schemas": {"Limit": {"type": "integer", "minimum": 1, "maximum": 100, "default": 20}},
        "parameters": {"Limit": {"name": "limit", "in": "query", "schema": {"$ref": "#/components/schemas/Limit"}}},
    }
}


def parameter(name: str, place: str = "query", schema: dict[str, Any] = TEXT, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": place, "schema": schema, **more}


def reader(*parameters: dict[str, Any], of_path: tuple[dict[str, Any], ...] = ()) -> ParameterReader:
    return compile_parameters(BUNDLE, {"parameters": list(parameters)}, {"parameters": list(of_path)})


def read(
    *parameters: dict[str, Any],
    path: dict[str, str] | None = None,
    query: bytes = b"",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    return reader(*parameters).read(path or {}, query, headers or {})


def refused(*parameters: dict[str, Any], **given: Any) -> list[tuple[str | None, str]]:
    with pytest.raises(ValidationError) as caught:
        read(*parameters, **given)
    return [(violation.field, violation.message) for violation in caught.value.details]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00+00:00"),
        ("2026-01-31t12:00:00.5z", "2026-01-31T12:00:00.500000+00:00"),
        ("2026-01-31T12:00:00%2B02:00", "2026-01-31T10:00:00+00:00"),
        ("2026-01-31T23:30:00-00:45", "2026-02-01T00:15:00+00:00"),
        ("2026-01-31T12:00:00.1234567Z", "2026-01-31T12:00:00.123456+00:00"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00+00:00"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_a_moment_comes_in_utc_however_it_is_written(text: str, moment: str) -> None:
    values = read(parameter("since", schema=MOMENT), query=f"since={text}".encode())
    assert values["since"].isoformat() == moment


@pytest.mark.parametrize(
    "text", ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00%2B00:01", "9999-12-31T23:59:60Z", "9999-12-31T23:59:59-00:01"]
)
def test_a_moment_of_no_year_we_know_is_refused(text: str) -> None:
    refusal = refused(parameter("since", schema=MOMENT), query=f"since={text}".encode())
    assert refusal == [("since", "Must be between the years 1 and 9999.")]


def test_parameters_come_coerced_under_snake_case_names() -> None:
    values = read(
        parameter("user_id", "path", {"type": "string", "format": "uuid"}),
        parameter("page-size", "query", INTEGER),
        parameter("If-Match", "header"),
        parameter("X-Ratio", "header", {"type": "number"}),
        parameter("flag", "query", {"type": "boolean"}),
        path={"user_id": ID},
        query=b"page-size=-007&flag=true",
        headers={"if-match": '"3"', "x-ratio": "1.5e1"},
    )
    assert values == {"user_id": UUID(ID), "page_size": -7, "if_match": '"3"', "x_ratio": 15.0, "flag": True}


def test_every_violation_of_every_place_is_listed() -> None:
    values = refused(
        parameter("user_id", "path", {"type": "string", "format": "uuid"}),
        {"$ref": "#/components/parameters/Limit"},
        parameter("sort", schema={"enum": ["a", "b"], "type": "string"}),
        parameter("must", required=True),
        parameter("X-Count", "header", INTEGER),
        parameter("X-Must", "header", required=True),
        path={"user_id": "1"},
        query=b"limit=1000000000&sort=c&who=me",
        headers={"x-count": "many"},
    )
    assert values == [
        ("user_id", "Must be a UUID."),
        ("limit", "Must be at most 100."),
        ("sort", "Must be a or b."),
        ("who", "Is not a parameter of this operation."),
        ("must", "Is required."),
        ("X-Count", "Must be a whole number."),
        ("X-Must", "Is required."),
    ]


def test_what_is_absent_has_its_default_or_none() -> None:
    values = read({"$ref": "#/components/parameters/Limit"}, parameter("q"), parameter("X-A", "header"))
    assert values == {"limit": 20, "q": None, "x_a": None}


def test_a_uuid_has_one_spelling() -> None:
    assert read(parameter("id", "path", {"type": "string", "format": "uuid"}), path={"id": ID.upper()}) == {
        "id": UUID(ID)
    }


@pytest.mark.parametrize(
    "text", ["", "x", ID + "\n", "{" + ID + "}", ID.replace("-", ""), "０19c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d"]
)
def test_what_is_no_uuid_is_refused(text: str) -> None:
    wanted = parameter("id", "path", {"type": "string", "format": "uuid"})
    assert refused(wanted, path={"id": text}) == [("id", "Must be a UUID.")]


@pytest.mark.parametrize("text", ["", "1.0", "1e3", "0x1", "+1", "1_0", " 1", "١", "9" * 19, "--1", "true", "%2B1"])
def test_an_integer_is_digits_and_nothing_else(text: str) -> None:
    assert refused(parameter("n", schema=INTEGER), query=b"n=" + text.encode()) == [("n", "Must be a whole number.")]


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e400", "1e999", "0x1p3", "1,5", ".5", "1."])
def test_a_number_is_finite_and_decimal(text: str) -> None:
    assert refused(parameter("n", schema={"type": "number"}), query=b"n=" + text.encode()) == [
        ("n", "Must be a number.")
    ]


@pytest.mark.parametrize("text", ["", "True", "1", "yes", "TRUE"])
def test_a_boolean_is_one_of_two_words(text: str) -> None:
    wanted = parameter("b", schema={"type": "boolean"})
    assert refused(wanted, query=b"b=" + text.encode()) == [("b", "Must be true or false.")]
    assert read(wanted, query=b"b=false") == {"b": False}


@pytest.mark.parametrize(
    ("query", "value"),
    [
        (b"q=", ""),
        (b"q", ""),
        (b"q=a+b%2Bc", "a b+c"),
        (b"q=%C3%A9%20%F0%9F%98%80", "é 😀"),
        ("q=é".encode(), "é"),
        (b"q=a=b=c", "a=b=c"),
        (b"q=a;b", "a;b"),
        (b"&&q=1&", "1"),
        (b"%71=1", "1"),
        (b"", None),
        (b"&", None),
    ],
)
def test_text_is_decoded_as_a_form_would_send_it(query: bytes, value: str | None) -> None:
    assert read(parameter("q"), query=query) == {"q": value}


@pytest.mark.parametrize(
    ("query", "violation"),
    [
        (b"q=%", ("q", "Has a % without two hexadecimal digits after it.")),
        (b"q=%2", ("q", "Has a % without two hexadecimal digits after it.")),
        (b"q=%zz", ("q", "Has a % without two hexadecimal digits after it.")),
        (b"q=%FF", ("q", "Is not UTF-8.")),
        (b"q=\xff", ("q", "Is not UTF-8.")),
        (b"q=%ED%A0%80", ("q", "Is not UTF-8.")),
        (b"q=a%00b", ("q", "Has a NUL character.")),
        (b"q=1&q=2", ("q", "Must be sent only once.")),
        (b"q=1&q=1", ("q", "Must be sent only once.")),
        (b"=1", (None, "A parameter has a value, but no name.")),
        (b"%ff=1", (None, "The name of a parameter is not UTF-8.")),
        (b"%00=1", (None, "The name of a parameter has a NUL character.")),
        (b"Q=1", ("Q", "Is not a parameter of this operation.")),
        (b"q[]=1", ("q[]", "Is not a parameter of this operation.")),
        (b"%20=1", (" ", "Is not a parameter of this operation.")),
    ],
)
def test_a_malformed_query_is_refused(query: bytes, violation: tuple[str | None, str]) -> None:
    assert refused(parameter("q"), query=query) == [violation]


def test_an_operation_without_query_parameters_knows_none() -> None:
    assert refused(query=b"x=1") == [("x", "Is not a parameter of this operation.")]


@pytest.mark.parametrize("place", ["path", "header"])
def test_nul_is_refused_wherever_it_stands(place: str) -> None:
    given = {"path": {"a": "x\0"}} if place == "path" else {"headers": {"a": "x\0"}}
    assert refused(parameter("a", place), **given) == [("a", "Has a NUL character.")]


def test_lists_are_repeated_or_separated_by_commas() -> None:
    numbers = {"type": "array", "items": INTEGER, "maxItems": 3}
    texts = {"type": "array", "items": TEXT}
    assert read(parameter("n", schema=numbers), query=b"n=1&n=2") == {"n": [1, 2]}
    assert read(parameter("n", schema=numbers), query=b"n=1") == {"n": [1]}
    assert read(parameter("n", schema=numbers, explode=False), query=b"n=1,2") == {"n": [1, 2]}
    assert read(parameter("t", schema=texts, explode=False), query=b"t=a%2Cb,c") == {"t": ["a,b", "c"]}
    assert read(parameter("t", schema=texts, explode=False), query=b"t=") == {"t": []}
    assert read(parameter("X-T", "header", texts), headers={"x-t": "a, b"}) == {"x_t": ["a", "b"]}
    assert read(parameter("t", "path", texts), path={"t": "a,b"}) == {"t": ["a", "b"]}


def test_faults_inside_lists_name_the_item() -> None:
    numbers = {"type": "array", "items": {"type": "integer", "maximum": 9}, "maxItems": 2}
    assert refused(parameter("n", schema=numbers), query=b"n=1&n=x") == [("n.1", "Must be a whole number.")]
    assert refused(parameter("n", schema=numbers), query=b"n=1&n=%ff") == [("n.1", "Is not UTF-8.")]
    assert refused(parameter("n", schema=numbers), query=b"n=1&n=10") == [("n.1", "Must be at most 9.")]
    assert refused(parameter("n", schema=numbers), query=b"n=1&n=2&n=3") == [("n", "Must have at most 2 items.")]
    assert refused(parameter("n", schema=numbers, explode=False), query=b"n=1&n=2") == [
        ("n", "Must be sent only once.")
    ]


def test_at_most_fifty_violations_are_listed() -> None:
    assert len(refused(query=b"&".join(b"p%d=1" % number for number in range(1000)))) == 50


def test_no_violation_repeats_the_value() -> None:
    wanted = [parameter("n", schema=INTEGER), parameter("m", "header", {"type": "string", "maxLength": 2})]
    values = refused(*wanted, query=b"n=marmalade&q=marmalade", headers={"m": "marmalade"})
    assert len(values) == 3
    assert "marmalade" not in str(values)


def test_an_operation_replaces_the_parameters_of_its_path() -> None:
    compiled = reader(parameter("n", schema=INTEGER), of_path=(parameter("n"), parameter("m")))
    assert compiled.names == {"n", "m"}
    assert compiled.read({}, b"n=1&m=1", {}) == {"n": 1, "m": "1"}


def test_if_match_is_never_demanded_here() -> None:
    assert read(parameter("If-Match", "header", required=True)) == {"if_match": None}


def test_headers_that_openapi_describes_elsewhere_are_not_read() -> None:
    assert reader(parameter("Accept", "header", required=True), parameter("Authorization", "header")).names == set()


@pytest.mark.parametrize(
    "wanted",
    [
        [parameter("c", "cookie")],
        [parameter("o", schema={"type": "object"})],
        [parameter("o", schema={"type": "array", "items": {"type": "array"}})],
        [parameter("o", style="deepObject")],
        [{"name": "o", "in": "query", "content": {}}],
        [parameter("if_match"), parameter("If-Match", "header")],
    ],
)
def test_what_could_not_be_read_is_found_at_start(wanted: list[dict[str, Any]]) -> None:
    with pytest.raises(UnreadableParameterError):
        reader(*wanted)


@pytest.mark.parametrize(("name", "argument"), [("userId", "user_id"), ("If-None-Match", "if_none_match"), ("q", "q")])
def test_arguments_are_named_in_snake_case(name: str, argument: str) -> None:
    assert argument_name(name) == argument
