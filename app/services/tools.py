"""What the services need besides their arguments: one object, built in the factory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.security.access_tokens import AccessTokens
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """The clock, the keys and the numbers.

    Attributes:
        clock: returns the aware present moment in UTC; tests move it.
        catalogue: every permission of the document, with its description.
    """

    settings: Settings
    clock: Callable[[], datetime]
    passwords: Passwords
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    catalogue: Mapping[str, str]
