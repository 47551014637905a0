"""What a violated constraint of the database means for a request: usually that another request came in between.

A service finds an account, another request deletes it, and the service inserts a row that refers to it. The transaction
is undone, and the handler is called once more: now the service sees what the other request has done, and says so. If it
does not look, the response says that what the request names is missing, or that the account of the caller is.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import peewee

from app.database.tables import all_models, table_of
from app.errors import AppError, NotFound, SessionEnded, ValidationError, Violation
from app.pipeline.request_context import RequestContext

T = TypeVar("T")

# Violated constraints that compare a row with others (PostgreSQL manual, appendix A).
_FOREIGN_KEY = "23503"
_OF_OTHER_ROWS = frozenset({"23001", _FOREIGN_KEY, "23505", "23P01"})
# The columns and their values, which the detail of the error has in every language.
_KEY = re.compile(r"\(([^()]*)\)=\(([^()]*)\)")


def with_second_look(work: Callable[[], T], context: RequestContext) -> T:
    """Call the function, which does the whole transaction, and once more if it violates a constraint.

    Raises:
        NotFound: the path names a row that does not exist.
        SessionEnded: the account of the caller does not exist.
        ValidationError: the body names a row that does not exist.
        peewee.IntegrityError: a constraint is violated for another reason.
    """
    try:
        return work()
    except peewee.IntegrityError as error:
        if _sqlstate(error) not in _OF_OTHER_ROWS:
            raise
    try:
        return work()
    except peewee.IntegrityError as error:
        if (refusal := _refusal(error, context)) is None:
            raise
        raise refusal from error


def _sqlstate(error: BaseException) -> str | None:
    return getattr(error.__cause__, "pgcode", None)


def _refusal(error: peewee.IntegrityError, context: RequestContext) -> AppError | None:
    """Return the refusal for a row that refers to a missing one; None if the request did not name that."""
    for value in _missing(error):
        if value in map(str, (context.arguments or {}).values()):
            return NotFound()
        if context.caller and value == str(context.caller.user_id):
            return SessionEnded(reason="session_ended")
        for name, sent in context.body.items() if isinstance(context.body, dict) else ():
            if value == str(sent):
                return ValidationError(details=[Violation("There is nothing with this id.", name)])
    return None


def _missing(error: peewee.IntegrityError) -> Iterator[str]:
    """Yield the values of a foreign key that name no row; none if the row that is named is to be deleted."""
    if _sqlstate(error) != _FOREIGN_KEY:
        return
    diagnostics: Any = getattr(error.__cause__, "diag", None)
    found = _KEY.search(diagnostics.message_detail or "")
    columns = {
        name
        for model in all_models()
        if table_of(model) == diagnostics.table_name
        for name, field in model._meta.columns.items()  # noqa: SLF001  # Peewee's public name
        if isinstance(field, peewee.ForeignKeyField)
    }
    if found:
        pairs = zip(found[1].split(", "), found[2].split(", "), strict=False)
        yield from (value for column, value in pairs if column in columns)
