"""What services need besides their arguments: one object, built in the factory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.cache.store import CacheStore
from app.cache.tags import KnownTags
from app.clock import test_now
from app.config import Config
from app.context.account_hooks import AccountHooks
from app.context.setting_declarations import SettingDeclarations
from app.context.unanswered_rotations import UnansweredRotations
from app.security.access_tokens import AccessTokens
from app.security.passwords import Passwords
from app.security.refresh_tokens import RefreshTokens


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The configuration, the clock, the keys and the cache.

    Attributes:
        clock: returns the aware present moment in UTC by the clock of this process; tests move it.
        permissions: every permission of the document, with its description.
        tags: the tags of cache entries; a command knows none.
        cache: the cache; None in a command, whose invalidations are left to the servers.
        setting_declarations: the settings that may be changed at run time, as the document declares them.
        unanswered_rotations: rotations in doubt: nobody knows whether they were committed.
        hooks: what a project does when something happens to an account.
    """

    config: Config
    clock: Callable[[], datetime]
    passwords: Passwords
    access_tokens: AccessTokens
    refresh_tokens: RefreshTokens
    permissions: Mapping[str, str]
    tags: KnownTags
    cache: CacheStore | None
    setting_declarations: SettingDeclarations
    unanswered_rotations: UnansweredRotations = field(default_factory=UnansweredRotations)
    hooks: AccountHooks = field(default_factory=AccountHooks)

    @property
    def test_now(self) -> datetime | None:
        """The time that a test sets, for SQL statements; None in production: the database's clock decides.

        For the time in Python call `clock()`.
        """
        return test_now(self.clock)
