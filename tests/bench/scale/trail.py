"""What the rows of a large audit trail say, and how often: each shape is all of a row but who, when and about whom."""

from dataclasses import dataclass
from functools import cached_property

NULL = r"\N"


@dataclass(frozen=True)
class Shape:
    """What rows have in common.

    Attributes:
        weight: how many of a thousand.
        about: the kind of target; `user` has one of the population's.
        target: the id of a target that is no user.
        detailed: whether the details name the target, as those of a registration do.
    """

    weight: int
    kind: str
    action: str
    permission: str
    outcome: str
    reason: str = NULL
    about: str = NULL
    target: str = NULL
    detailed: bool = False

    @cached_property
    def content(self) -> str:
        """The columns from the action to the kind of target, as COPY reads them."""
        return f"{self.action}\t{self.permission}\t{self.outcome}\t{self.reason}\t{self.about}"


SHAPES = (
    Shape(380, "decision", "get_me", "account:read", "allowed"),
    Shape(220, "decision", "get_user", "users:read", "allowed", about="user"),
    Shape(120, "decision", "get_profile", "profiles:read", "allowed", about="user"),
    Shape(90, "event", "session.refreshed", NULL, "succeeded"),
    Shape(60, "event", "session.created", NULL, "succeeded"),
    Shape(20, "event", "session.created", NULL, "failed", reason="invalid_credentials"),
    Shape(40, "decision", "list_users", "users:list", "allowed"),
    Shape(20, "decision", "list_users", "users:list", "denied", reason="permission_missing"),
    Shape(20, "decision", "delete_user", "users:delete", "allowed", about="user"),
    Shape(18, "event", "user.updated", NULL, "succeeded", about="user"),
    Shape(8, "event", "user.registered", NULL, "succeeded", about="user", detailed=True),
    Shape(3, "decision", "get_role", "roles:read", "allowed", about="role", target="support"),
    Shape(1, "decision", "delete_user", "users:delete", "denied", reason="permission_missing", about="user"),
)
BUSY_SHAPES = (
    *(Shape(0, "decision", "get_user", "users:read", "allowed", about="user"),) * 15,
    *(Shape(0, "decision", "list_users", "users:list", "allowed"),) * 4,
    Shape(0, "event", "session.refreshed", NULL, "succeeded"),
)
RARE_SHAPE = Shape(0, "decision", "delete_user", "users:delete", "allowed", about="user")
