"""Example accounts for development."""

from typing import NamedTuple
from uuid import UUID

from app.cli.operator_actions import operator_context
from app.context.dependencies import Dependencies
from app.services import registration, users

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


def create_person(person: Person, *, dependencies: Dependencies) -> bool:
    """Create an example account; return False, and change nothing, when an account has its address."""
    context = operator_context(dependencies)
    registration.register(context, email=person.email, password=PASSWORD, display_name=person.display_name)
    user_id = (context.event.details or {}).get("user_id")
    if user_id and person.verified:
        users.update(context, UUID(user_id), email_verified=True)
    return user_id is not None
