"""`charter contract` proves what `charter new` and `charter add resource` make: nobody has written a line of it."""

from pathlib import Path

from tests.prove.contract_run import charter, contract, served, wheel_in

_EXAMPLES = "1"
# What each shows the kit: rows below an account, and cached; rows that refer to accounts, with fields of all kinds; no
# path that ends with the row; no list; nothing that reads it.
_ALL_KINDS = "state:enum(open|done),price:decimal,due:date,seen:datetime?,code:uuid,size:int"
_RESOURCES = (
    ("projects", "--owned --cached --idempotent", "name:text,description:text?,archived:bool,reviewer:ref:users?"),
    ("tasks", "--idempotent", f"assignee:ref:users,watcher:ref:users?,{_ALL_KINDS}"),
    ("notes", "--owned --ops list,create", "body_text:text"),
    ("marks", "--cached --ops create,get,delete", "label:text(20),weight:int?"),
    ("badges", "--owned --ops create,update,delete", "color:enum(red|blue),author:ref:users"),
)
_OPERATIONS = 5 + 5 + 2 + 3 + 3
_ASSIGNEE = "Id of the account that is its assignee."


def prove(place: Path) -> None:
    """Make a project, serve it, and run the kit to its end, all of it from the wheel."""
    wheel, shop = wheel_in(place), place / "shop"
    charter(wheel, "new", "shop", cwd=place).check_returncode()
    for plural, flags, fields in _RESOURCES:
        words = f"add resource {plural} {flags} --fields {fields}".split()
        charter(wheel, *words, cwd=shop).check_returncode()
    nouns = tuple(f"_{name}" for plural, _, _ in _RESOURCES for name in (plural, plural.removesuffix("s")))
    with served(shop, wheel, place / "server.log") as url:
        made = contract(url, wheel, place / "report", examples=_EXAMPLES)
    own = [one for one in made["operations"] if one["name"].endswith(nouns)]
    assert [one["verdict"] for one in own] == ["passed"] * _OPERATIONS, own
    _what_only_an_example_names(place, wheel, shop)


def _what_only_an_example_names(place: Path, wheel: Path, shop: Path) -> None:
    """Where the document does not say that a value is of an account, nothing fails, and each operation is told once."""
    schemas = shop / "openapi" / "components" / "schemas" / "tasks.yaml"
    text = schemas.read_text(encoding="utf-8")
    assert _ASSIGNEE in text
    schemas.write_text(text.replace(_ASSIGNEE, "Who does it."), encoding="utf-8")
    with served(shop, wheel, place / "server_untold.log") as url:
        made = contract(
            url, wheel, place / "untold", "--only", "permissions", "--only", "idempotency", examples="1", code=2
        )
    assert made["failures"] == [], made["failures"]
    missing = {(gap["operation"], gap["reason"]) for gap in made["gaps"] if not gap["accepted"]}
    assert {name for name, _ in missing} == {"create_task", "get_task", "update_task", "delete_task"}, missing
    assert len(missing) == 4, missing
    assert all("assignee_id is 019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d" in reason for _, reason in missing), missing
