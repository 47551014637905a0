"""What each path parameter of the document stands for in the tests: one table, which all tests read.

An operation with a new path parameter needs one line here. Then all tests that go through all operations can call it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from app.database import run
from tests.people import Person, make_role
from tests.rows import sessions_of

SPARE_ROLE = "spare"
"""A role that nobody has, so that it can be deleted."""

NO_IDS = (UUID("019c13ec-9e00-7000-8000-00000000dead"), UUID(int=0), UUID(int=2**128 - 1))
"""Valid ids that name nothing."""


@dataclass(frozen=True, slots=True)
class StandIn:
    """What one path parameter stands for.

    Attributes:
        there: makes a value that names something, which belongs to this person where such a thing has an owner.
        gone: valid values that name nothing.
        seeded: a value in the databases of `make bench-scale`, with {user} for the id of an account; None: use the
            example of the document.
    """

    there: Callable[[Person], Any]
    gone: tuple[Any, ...]
    seeded: str | None = None


def session_of(person: Person) -> str:
    """Sign a person in once more, and return the id of the new session."""
    person.sign_in()
    return sessions_of(person.id)[0]


def _spare_role(_: Person) -> str:
    if not run("SELECT 1 FROM roles WHERE name = %s", (SPARE_ROLE,)):
        make_role(SPARE_ROLE)
    return SPARE_ROLE


TABLE: dict[str, StandIn] = {
    "user_id": StandIn(there=lambda owner: owner.id, gone=NO_IDS, seeded="{user}"),
    "session_id": StandIn(there=session_of, gone=NO_IDS),
    "role_name": StandIn(there=_spare_role, gone=("no-such-role", "x"), seeded="support"),
    "key": StandIn(there=lambda owner: "service.notice", gone=("no.such.key", "public.x")),
}


NO_LINE = """The tests have no value for the path parameter {{{name}}}.
Add this line to TABLE in tests/standins.py, with a function that makes such a thing and returns its id or name:

    "{name}": StandIn(there=lambda owner: ..., gone=NO_IDS),
"""


def stand_in(name: str) -> StandIn:
    """Return the line of a path parameter.

    Raises:
        AssertionError: the table has none; the message says which line to add.
    """
    assert name in TABLE, NO_LINE.format(name=name)
    return TABLE[name]


class Values(dict[str, Any]):
    """The values of all path parameters by name.

    Args:
        owner: the person whom the things belong to.
        others: values that are to be used instead.
    """

    def __init__(self, owner: Person, **others: Any) -> None:
        made = {name: line.there(owner) for name, line in TABLE.items() if name not in others}
        super().__init__(made | others)

    def __missing__(self, name: str) -> Any:
        raise AssertionError(NO_LINE.format(name=name))


def gone(name: str) -> Any:
    """Return a valid value of a path parameter that names nothing."""
    return stand_in(name).gone[0]
