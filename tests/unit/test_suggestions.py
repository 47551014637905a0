"""The name that was meant, in the messages about unknown names."""

import pytest

from app.spec.suggestions import suggest

EVENTS = ["role.updated", "project.created", "session.revoked", "user.created", "user.deleted"]


@pytest.mark.parametrize(
    ("name", "known", "fix"),
    [
        ("project.updated", ["role.updated", "user.updated"], "Add it."),
        ("project.made", EVENTS, "Did you mean project.created? If not, add it."),
        ("user.create", EVENTS, "Did you mean user.created? If not, add it."),
        ("projects.created", EVENTS, "Did you mean project.created? If not, add it."),
        ("user.locked", EVENTS, "Choose one of user.created, user.deleted. If none is right, add it."),
        ("roles:raed", ["roles:read", "roles:create"], "Did you mean roles:read? If not, add it."),
        ("wirte", ["write", "read"], "Did you mean write? If not, add it."),
    ],
)
def test_a_suggestion_keeps_the_noun(name: str, known: list[str], fix: str) -> None:
    assert suggest(name, known, "Add it.") == fix
