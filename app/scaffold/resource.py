"""A resource: what is to be written of it, whether the command line or the document says so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.scaffold.fields import Field
from app.scaffold.names import article, class_name, words

OPERATIONS = ("list", "create", "get", "update", "delete")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of a resource in the document.

    Attributes:
        kind: one of OPERATIONS, or `other`.
        method: in lower case.
        body: its operation object.
        parameters: the names of the path, then those of the query, as arguments of the handler.
    """

    name: str
    kind: str
    method: str
    path: str
    body: Mapping[str, Any]
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def permission(self) -> str:
        """The permissions that it requires."""
        value = self.body.get("x-permission", ())
        return value if isinstance(value, str) else ", ".join(value)

    @property
    def has_body(self) -> bool:
        """Whether a request has a body."""
        return "requestBody" in self.body

    @property
    def summary(self) -> str:
        """Its summary, as a sentence."""
        text = str(self.body.get("summary", self.name.replace("_", " ").capitalize()))
        return text.rstrip(".") + "."


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource.

    Attributes:
        plural: of the tag, the table and the modules.
        singular: of one of them.
        owner: the column with the account that owns a row; None if nobody does.
        about: a sentence about it.
        cached: whether reading one is cached.
        idempotent: whether creating one accepts an Idempotency-Key.
        shown: the properties that are there besides the fields.
        operations: in the order of the document.
    """

    plural: str
    singular: str
    fields: tuple[Field, ...] = ()
    owner: str | None = None
    about: str = ""
    cached: bool = False
    idempotent: bool = False
    shown: frozenset[str] = frozenset({"id", "owner_id", "created_at", "updated_at"})
    operations: tuple[Operation, ...] = field(default=())

    @property
    def model(self) -> str:
        """The name of the model and the schema."""
        return class_name(self.singular)

    @property
    def noun(self) -> str:
        """The singular as words."""
        return words(self.singular)

    @property
    def nouns(self) -> str:
        """The plural as words."""
        return words(self.plural)

    @property
    def one(self) -> str:
        """The singular with its article."""
        return article(self.noun)

    @property
    def key(self) -> str:
        """The path parameter that names one."""
        return f"{self.singular}_id"

    @property
    def owner_field(self) -> str | None:
        """The attribute of the model with the owner."""
        return self.owner.removesuffix("_id") if self.owner else None

    @property
    def has_model(self) -> bool:
        """Whether its operations need a model."""
        return any(operation.kind in ("list", "create", "get", "update") for operation in self.operations)

    def operation(self, kind: str) -> Operation | None:
        """Return the operation of a kind."""
        return next((each for each in self.operations if each.kind == kind), None)
