"""The errors that are raised: every class of the catalogue that is not a group of others."""

from app import errors
from app.errors import AppError


def error_classes() -> list[type[AppError]]:
    """Return them in the order of `app/errors.py`."""
    found = [item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, AppError)]
    groups = {parent for item in found for parent in item.__mro__[1:]}
    return [item for item in found if item not in groups]
