"""An account of a run, as the kit knows it."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Person:
    """An account.

    Attributes:
        label: who they are, for the report.
        role: the name of their role.
    """

    label: str
    email: str
    password: str = field(repr=False)
    id: str = ""
    role: str = ""
    access_token: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    expires_at: float = 0.0
    given: bool = False

    @property
    def key(self) -> str:
        """Whose limit their requests count in."""
        return f"given:{self.email}" if self.given else self.id or self.email
