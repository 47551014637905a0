"""What the services need besides their arguments: one object, built in the factory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from app.cache.store import Store
from app.cache.tags import KnownTags
from app.security.access_tokens import AccessTokens
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens
from app.services.declarations import Declarations
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Tools:
    """The clock, the keys and the numbers.

    Attributes:
        clock: returns the aware present moment in UTC; tests move it.
        catalogue: every permission of the document, with its description.
        tags: those that answers are cached under; none known to a command.
        store: the cache; None in a command, which leaves what it has to drop to the servers.
        declarations: what may be changed at run time, as the document declares it.
    """

    settings: Settings
    clock: Callable[[], datetime]
    passwords: Passwords
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    catalogue: Mapping[str, str]
    tags: KnownTags
    store: Store | None
    declarations: Declarations
