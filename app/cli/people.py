"""Example people for development."""

from typing import NamedTuple

from app.services import users
from app.services.audit import Event
from app.services.tools import Tools

PASSWORD = "correct horse battery staple"  # noqa: S105  # for development only, where everybody may know it


class Person(NamedTuple):
    """An example account; one whose address is not verified stays a guest."""

    email: str
    display_name: str
    verified: bool


EXAMPLES = (
    Person("alice@example.com", "Alice", verified=True),
    Person("bob@example.com", "Bob", verified=True),
    Person("carol@example.com", "Carol", verified=True),
    Person("mallory@example.com", "Mallory", verified=False),
)


def make_person(person: Person, *, tools: Tools) -> bool:
    """Make an example account; return False, changing nothing, when there is one with its address."""
    event = Event()
    users.register(email=person.email, password=PASSWORD, display_name=person.display_name, tools=tools, event=event)
    made = "user_id" in (event.details or {})
    if made and person.verified:
        users.verify(email=person.email, tools=tools)
    return made
