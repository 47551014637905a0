"""Names, fields and texts of what is written for a resource."""

import pytest

from app.scaffold.fields import WrongField, parse_fields
from app.scaffold.imports import with_imports
from app.scaffold.names import WrongName, check_name, singular_of
from app.scaffold.yaml_edit import WrongYaml, add_entries


@pytest.mark.parametrize(
    ("plural", "singular"),
    [("projects", "project"), ("categories", "category"), ("boxes", "box"), ("classes", "class"), ("matches", "match")],
)
def test_usual_plurals_have_a_singular(plural: str, singular: str) -> None:
    assert singular_of(plural) == singular


@pytest.mark.parametrize("plural", ["people", "status", "news_item", "basis", "ss", "news", "time_series"])
def test_other_plurals_need_a_singular(plural: str) -> None:
    with pytest.raises(WrongName, match="--singular"):
        singular_of(plural)


@pytest.mark.parametrize("name", ["Projects", "1st", "a-b", "class", "", "x" * 41, "a; DROP TABLE users"])
def test_a_name_must_fit_code_and_sql(name: str) -> None:
    with pytest.raises(WrongName, match="cannot be"):
        check_name(name, "a name")


def test_fields_have_types() -> None:
    fields = parse_fields("name:text, note:text(5)?,state:enum(a|b),boss:ref:users?")
    told = [(f.name, f.attribute, f.kind, f.optional, f.length) for f in fields]
    assert told == [
        ("name", "name", "text", False, 200),
        ("note", "note", "text", True, 5),
        ("state", "state", "enum", False, 200),
        ("boss_id", "boss", "ref", True, 200),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no field"),
        ("name", "is no field"),
        ("name:string", "text, text(LENGTH), int"),
        ("Name:text", "cannot be the name of a field"),
        ("a:int,a:text", "two fields a"),
        ("state:enum(a|a)", "different words"),
        ("state:enum(a'|b)", "different words"),
        ("name:text(0)", "is no type"),
        ("boss:ref:projects", "is no type"),
    ],
)
def test_a_wrong_field_is_told_with_what_would_be_right(text: str, told: str) -> None:
    with pytest.raises(WrongField) as caught:
        parse_fields(text)
    assert told in str(caught.value)


def test_all_wrong_fields_are_told_at_once() -> None:
    with pytest.raises(WrongField) as caught:
        parse_fields("a:x,b:y,c:text")
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("tags: []\npaths: {}\n", "tags:\n  - name: a\npaths: {}\n"),
        ("# mine\nx: 1\n", "# mine\nx: 1\n\ntags:\n  - name: a\n"),
        (
            "tags:\n- name: z  # kept\n\n# about paths\npaths: {}\n",
            "tags:\n- name: z  # kept\n- name: a\n\n# about paths\npaths: {}\n",
        ),
        ("tags:\n    - name: z\n", "tags:\n    - name: z\n    - name: a\n"),
        ("", "tags:\n  - name: a\n"),
    ],
)
def test_an_item_is_added_and_everything_else_stays(before: str, after: str) -> None:
    assert add_entries(before, "- name: a\n", "tags") == after


@pytest.mark.parametrize("before", ["tags: [{name: z}]\n", "tags: &x\n  - name: z\n", "tags: [\n"])
def test_a_text_that_cannot_be_added_to_stays(before: str) -> None:
    with pytest.raises(WrongYaml):
        add_entries(before, "- name: a\n", "tags")


def test_a_catalogue_gets_its_entry_at_the_end() -> None:
    assert add_entries("# names\n", "a:\n  b: 1\n") == "# names\na:\n  b: 1\n"
    assert add_entries("z: {}\n", "a:\n  b: 1\n") == "z: {}\n\na:\n  b: 1\n"


def test_a_module_imports_what_it_uses_and_no_more() -> None:
    body = 'def f(page: Page) -> UUID:\n    return things.g(f"{errors}", "fetch", Page=1, text=2)\n'
    made = with_imports(f'"""Doc, Any."""\n\n\n{body}', {"things": "services", "present": "handlers.presenters"})
    imports = ["from uuid import UUID", "from charter import Page, errors", "from services import things"]
    assert made == "\n\n".join(['"""Doc, Any."""', *imports, f"\n{body}"])
