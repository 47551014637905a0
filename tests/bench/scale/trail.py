"""What the rows of a large audit trail say, and how often: each shape is all of a row but who, when and about whom."""

from dataclasses import dataclass

NULL = r"\N"

Words = tuple[str, str, str, str, str]


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
    action: str
    permission: str
    outcome: str
    reason: str = NULL
    about: str = NULL
    target: str = NULL
    detailed: bool = False

    @property
    def words(self) -> Words:
        """What its label says: action, permission, outcome, reason and type of target."""
        return self.action, self.permission, self.outcome, self.reason, self.about

    @property
    def counted(self) -> str:
        """As what the statistics count it."""
        if self.action == "session.created":
            return "2" if self.outcome == "succeeded" else "3"
        return "1" if self.detailed else NULL


SHAPES = (
    Shape(380, "get_me", "account:read", "allowed"),
    Shape(220, "get_user", "users:read", "allowed", about="user"),
    Shape(120, "get_profile", "profiles:read", "allowed", about="user"),
    Shape(90, "session.refreshed", NULL, "succeeded"),
    Shape(60, "session.created", NULL, "succeeded"),
    Shape(20, "session.created", NULL, "failed", reason="invalid_credentials"),
    Shape(40, "list_users", "users:list", "allowed"),
    Shape(20, "list_users", "users:list", "denied", reason="permission_missing"),
    Shape(20, "delete_user", "users:delete", "allowed", about="user"),
    Shape(18, "user.updated", NULL, "succeeded", about="user"),
    Shape(8, "user.registered", NULL, "succeeded", about="user", detailed=True),
    Shape(3, "get_role", "roles:read", "allowed", about="role", target="support"),
    Shape(1, "delete_user", "users:delete", "denied", reason="permission_missing", about="user"),
)
BUSY_SHAPES = (
    *(Shape(0, "get_user", "users:read", "allowed", about="user"),) * 15,
    *(Shape(0, "list_users", "users:list", "allowed"),) * 4,
    Shape(0, "session.refreshed", NULL, "succeeded"),
)
RARE_SHAPE = Shape(0, "delete_user", "users:delete", "allowed", about="user")
LABELS: tuple[Words, ...] = tuple(dict.fromkeys(shape.words for shape in (*SHAPES, *BUSY_SHAPES, RARE_SHAPE)))
