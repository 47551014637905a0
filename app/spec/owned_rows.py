"""x-owner with a resource: the row that the path names has an owner, who needs no permission."""

from collections.abc import Mapping
from dataclasses import dataclass

THROUGH = "through"
"""The key beside the resource: the resource whose rows say who belongs to it."""


@dataclass(frozen=True, slots=True)
class OwnedRow:
    """The row of a path, and where its owner is found.

    Attributes:
        resource: the kind of the row, such as `project`.
        column: the column of the row that names the owner: an account, or with `through` something that has members.
        through: the kind of the rows that make accounts members, such as `team_member`; None: the column names the
            owner.
    """

    resource: str
    column: str
    through: str | None

    @property
    def parameter(self) -> str:
        """The path parameter with the id of the row."""
        return f"{self.resource}_id"

    @classmethod
    def of(cls, value: Mapping[str, object]) -> "OwnedRow | None":
        """Return what a mapping says; None if it does not name one resource."""
        resources = [name for name in value if name != THROUGH]
        if len(resources) != 1:
            return None
        through = value.get(THROUGH)
        return cls(resources[0], str(value[resources[0]]), None if through is None else str(through))

    def __str__(self) -> str:
        return f"{self.resource}.{self.column}" + (f" through {self.through}" if self.through else "")
