"""Email addresses: accepted in their canonical form, and the words in them that a password must not be."""

from app.addresses import canonical, is_address
from app.errors import ValidationError, Violation


def accept(email: str, *, field: str = "email") -> str:
    """Return the canonical form of a new address.

    Raises:
        ValidationError: the text is no email address.
    """
    if not is_address(email):
        raise ValidationError(details=[Violation("Must be an email address.", field)])
    return canonical(email)


def own_words(email: str, display_name: str | None = None) -> tuple[str, ...]:
    """Return the words of an account that its password must not be."""
    return tuple(word for word in (email, *email.split("@"), display_name) if word)
