"""Example people for development."""

from typing import NamedTuple
from uuid import UUID

from app.context.dependencies import Dependencies
from app.context.event import Event
from app.security.principal import Operator
from app.services import users

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


def make_person(person: Person, *, dependencies: Dependencies) -> bool:
    """Make an example account; return False, changing nothing, when there is one with its address."""
    event = Event()
    users.register(
        email=person.email, password=PASSWORD, display_name=person.display_name, dependencies=dependencies, event=event
    )
    made = (event.details or {}).get("user_id")
    if made and person.verified:
        users.update(
            user_id=UUID(made),
            email=None,
            email_verified=True,
            expected_version=None,
            actor=Operator(frozenset(dependencies.catalogue)),
            dependencies=dependencies,
            event=event,
        )
    return made is not None
