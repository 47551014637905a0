"""Fields with the types that the tables use, and the rules that the database checks."""

from datetime import datetime
from typing import Any, Literal, TypeVar, overload

from peewee import SQL, BooleanField, Check, DateTimeField, ForeignKeyField, IntegerField, Model, TextField

from models.record import UtcDateTimeField

M = TypeVar("M", bound=Model)
OnDelete = Literal["CASCADE", "RESTRICT", "SET NULL"]


class _CheckedTextField(TextField):
    """A `text` with a rule about its column, whose name is known when the model is made."""

    def __init__(self, *, rule: str, **options: Any) -> None:
        super().__init__(**options)
        self._rule, self._other_constraints = rule, list(self.constraints or ())

    def bind(self, model: type[Model], name: str, set_attribute: bool = True) -> None:
        """Take a name in a model."""
        super().bind(model, name, set_attribute)
        self.constraints = [*self._other_constraints, Check(self._rule.format(column=self.column_name))]


# The stubs describe how fields are called in models, with options in full; here they are passed on.
_checked_text: Any = _CheckedTextField
_utc_moment: Any = UtcDateTimeField
_foreign_key: Any = ForeignKeyField


@overload
def text(*, max_length: int, null: Literal[False] = ..., **options: Any) -> "TextField[str]": ...
@overload
def text(*, max_length: int, null: Literal[True], **options: Any) -> "TextField[str | None]": ...
def text(*, max_length: int, null: bool = False, **options: Any) -> Any:
    """Return a `text` of at most so many characters: `CHECK (char_length(name) <= 100)`.

    Args:
        options: such as `unique=True` and `default`.
    """
    return _checked_text(rule=f"char_length({{column}}) <= {int(max_length)}", null=null, **options)


@overload
def choice(*values: str, null: Literal[False] = ..., **options: Any) -> "TextField[str]": ...
@overload
def choice(*values: str, null: Literal[True], **options: Any) -> "TextField[str | None]": ...
def choice(*values: str, null: bool = False, **options: Any) -> Any:
    """Return a `text` that is one of some words: `CHECK (status IN ('open', 'done'))`.

    A word can be added by a migration that replaces the rule, which an enumerated type of PostgreSQL makes harder.
    """
    if not values or any("'" in value or "{" in value or "}" in value for value in values):
        raise ValueError(f"choice needs words without quotes and braces, not {values}")
    words = ", ".join(f"'{value}'" for value in values)
    return _checked_text(rule=f"{{column}} IN ({words})", null=null, **options)


@overload
def moment(*, null: Literal[False] = ..., **options: Any) -> "DateTimeField[datetime]": ...
@overload
def moment(*, null: Literal[True], **options: Any) -> "DateTimeField[datetime | None]": ...
def moment(*, null: bool = False, **options: Any) -> Any:
    """Return a `timestamptz`, read as an aware datetime in UTC."""
    return _utc_moment(null=null, **options)


def flag(*, default: bool = False) -> "BooleanField[bool]":
    """Return a `boolean` that is never null; the database, too, fills in the default."""
    return BooleanField(default=default, constraints=[SQL(f"DEFAULT {str(default).lower()}")])


@overload
def reference(
    model: type[M], *, on_delete: OnDelete, null: Literal[False] = ..., **options: Any
) -> "ForeignKeyField[M]": ...
@overload
def reference(
    model: type[M], *, on_delete: OnDelete, null: Literal[True], **options: Any
) -> "ForeignKeyField[M | None]": ...
def reference(model: type[M], *, on_delete: OnDelete, null: bool = False, **options: Any) -> Any:
    """Return a foreign key with an index; reading it never queries the database unseen.

    Args:
        on_delete: what becomes of this row when the other one is deleted. Accounts are deleted by their owners: with
            `RESTRICT` they cannot be, unless a hook on `user.deleted` deletes these rows first.
    """
    # "+" is Peewee's word for: the other model gets no attribute for the rows that refer to it.
    return _foreign_key(model, on_delete=on_delete, null=null, lazy_load=False, **{"backref": "+", **options})


def version() -> "IntegerField[int]":
    """Return a number that begins with 1. Raise it with each change of the row, and show it as the ETag."""
    return IntegerField(default=1, constraints=[SQL("DEFAULT 1")])
