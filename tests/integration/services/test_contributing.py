"""The examples of docs/contributing.md, *Models or SQL*, run as they stand on the page."""

import re
from typing import Any

import pytest

from app.context.context import Context
from app.database import unit_of_work
from app.entity_tags import parse
from app.errors import NotFound, PreconditionFailed, RoleInUse
from charter import fetch_value
from models import Role
from tests.house.repository import ROOT
from tests.integration.services.conftest import World

SECTION = re.compile(r"^## Models or SQL\n(.*?)^## ", re.MULTILINE | re.DOTALL)


def example(number: int) -> dict[str, Any]:
    """Run an example of the page, and return the names that it has defined."""
    [section] = SECTION.findall((ROOT / "docs" / "contributing.md").read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    exec(re.findall(r"```python\n(.*?)```", section, re.DOTALL)[number], names)
    return names


def librarian(column: Any) -> Any:
    return fetch_value(Role.select(column).where(Role.name == "librarian"))


def test_the_first_example_reads_with_a_join(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.role("librarian", "users:list")
    example(0)
    assert "librarian ['users:list']" in capsys.readouterr().out


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"{}-gzip"', 'W/"{}-gzip"', '"abc", "{}"', "*"])
def test_the_second_example_writes_if_a_tag_is_the_current_one(world: World, form: str) -> None:
    world.role("librarian", "users:list")
    version = librarian(Role.version)
    with unit_of_work():
        role = example(1)["describe"](given(world, form.format(version)), "librarian", "Sorts the books.")
    assert librarian(Role.description) == "Sorts the books."
    assert role.version == librarian(Role.version) > version


@pytest.mark.parametrize("tag", ['"abc"', 'W/"0"', '"٣"'.encode().decode("latin-1"), '"9999999999999999999"'])
def test_the_second_example_rejects_every_other_tag(world: World, tag: str) -> None:
    world.role("librarian", "users:list")
    with pytest.raises(PreconditionFailed), unit_of_work():
        example(1)["describe"](given(world, tag), "librarian", "Sorts the books.")
    assert librarian(Role.description) != "Sorts the books."


def test_a_request_that_fails_after_the_second_example_has_written_nothing(world: World) -> None:
    world.role("librarian", "users:list")
    describe = example(1)["describe"]
    with pytest.raises(RoleInUse), unit_of_work():
        describe(world.context(), "librarian", "Sorts the books.")
        raise RoleInUse
    assert librarian(Role.description) != "Sorts the books."
    with pytest.raises(NotFound), unit_of_work():
        describe(world.context(), "nobody", "Sorts the books.")


def given(world: World, if_match: str) -> Context:
    return world.context(expected=parse(if_match))
