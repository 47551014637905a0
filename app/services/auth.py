"""Signing in and staying signed in: passwords and refresh tokens exchanged for tokens, and given up again."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.clock import NOW_SQL
from app.context.dependencies import Dependencies
from app.context.event import Event
from app.database import run, run_in_autocommit, transaction
from app.errors import InvalidCredentials, InvalidRefreshToken, ValidationError, Violation
from app.security.principal import Client, Principal
from app.services import accounts, addresses, attempts, sessions, settings
from models.account import Account

UNVERIFIED = "sign_in.unverified"

_STORED = f"""
SELECT u.id, u.password_hash, u.status, u.verified_at IS NOT NULL,
       EXISTS (SELECT FROM sessions s
               WHERE s.user_id = u.id AND s.network = %(network)s AND s.created_at > {NOW_SQL} - %(lately)s)
FROM users u WHERE u.email = %(email)s
"""  # noqa: S608 (constants)

# The same password at another cost: not a change that the account's version or its owner would know of.
_UPGRADE_HASH = """
UPDATE users SET password_hash = %(new)s WHERE id = %(id)s AND password_hash = %(old)s RETURNING id
"""

_REPLACE_HASH = """
UPDATE users SET password_hash = %(new)s, version = version + 1, updated_at = %(now)s
WHERE id = %(id)s AND password_hash = %(old)s
RETURNING id
"""


class Stored(NamedTuple):
    """What a sign-in is judged by.

    Attributes:
        known: the account has signed in from this client's network not long ago.
    """

    user_id: UUID
    password_hash: str
    status: str
    verified: bool
    known: bool


class Tokens(NamedTuple):
    """The two tokens of a session's generation, and the life of the first in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class SignIn(NamedTuple):
    """A session just opened."""

    account: Account
    tokens: Tokens


def authenticate(*, email: str, password: str, client: Client, dependencies: Dependencies, event: Event) -> Stored:
    """Check address and password; every refusal looks alike and takes the same time.

    Returns:
        Who it is, with the hash as it is stored now.

    Raises:
        RateLimited: too many failures, of the account or of the client.
        InvalidCredentials: unknown address, wrong password, or an account that may not sign in; `reason` says which.
    """
    address = addresses.canonical(email)
    stored = _find_stored(address, client, dependencies)
    if stored:
        event.details = {"user_id": str(stored.user_id)}
    attempt = attempts.count(
        email=address, known=bool(stored and stored.known), client=client, dependencies=dependencies
    )
    if stored is None:
        dependencies.passwords.simulate_verify(password)
        raise InvalidCredentials(reason="unknown_address")
    if not dependencies.passwords.verify(password, stored.password_hash):
        raise InvalidCredentials(reason="wrong_password")
    if stored.status != "active":
        raise InvalidCredentials(reason="account_suspended")
    if not stored.verified and not unverified_may_sign_in(dependencies=dependencies):
        raise InvalidCredentials(reason="address_unverified")
    attempts.give_back(attempt, dependencies=dependencies)
    if dependencies.passwords.needs_rehash(stored.password_hash):
        return stored._replace(password_hash=_upgrade(stored, password, dependencies))
    return stored


def login(*, email: str, password: str, client: Client, dependencies: Dependencies, event: Event) -> SignIn:
    """Open a session.

    Raises:
        RateLimited, InvalidCredentials: as `authenticate`.
    """
    stored = authenticate(email=email, password=password, client=client, dependencies=dependencies, event=event)
    with transaction():
        session_id = sessions.open_session(
            user_id=stored.user_id, password_hash=stored.password_hash, client=client, dependencies=dependencies
        )
        if session_id is None:
            raise InvalidCredentials(reason="changed_meanwhile")
        account = accounts.find(stored.user_id)
    event.actor = (account.id, account.role)
    event.details = {"session_id": str(session_id)}
    key_id = dependencies.refresh_tokens.current_key_id
    return SignIn(
        account, generate_tokens(account.id, session_id, sessions.FIRST_GENERATION, key_id, dependencies=dependencies)
    )


def refresh(*, refresh_token: str, dependencies: Dependencies, event: Event) -> Tokens:
    """Exchange a refresh token for the next one, or for the same answer again within the grace.

    The token is exchanged when the transaction around it commits, together with its event: what fails before has used
    nothing up. A token that was never issued ends nobody's session; one that was used before ends its session.

    Raises:
        InvalidRefreshToken: in every other case; `reason` says which.
    """
    claim = dependencies.refresh_tokens.read(refresh_token)
    dependencies.unanswered.settle(claim.session_id)
    with transaction():
        rotation = sessions.rotate(claim, dependencies=dependencies)
        if rotation is None:
            raise InvalidRefreshToken(reason="session_unknown")
        event.actor = (rotation.user_id, rotation.role)
        event.details = {"session_id": str(claim.session_id)}
        if rotation.outcome not in sessions.CONTINUED:
            raise InvalidRefreshToken(reason=rotation.outcome)
        event.details = {"session_id": str(claim.session_id), "kind": rotation.outcome}
        return generate_tokens(
            rotation.user_id, claim.session_id, claim.generation + 1, rotation.key_id, dependencies=dependencies
        )


def logout(*, principal: Principal, scope: sessions.Scope, dependencies: Dependencies) -> None:
    """End the session of this request, the account's other ones, or all."""
    with transaction():
        sessions.end(
            user_id=principal.user_id,
            scope=scope,
            session_id=principal.session_id,
            reason="logout",
            now=dependencies.moment,
        )


def change_password(
    *, principal: Principal, current: str, new: str, client: Client, dependencies: Dependencies
) -> None:
    """Replace one's password and end one's other sessions.

    Guesses at the current password count as failed sign-ins do: a stolen access token is no way around the throttle.

    Raises:
        ValidationError: the current password is wrong, or the new one is the same or not acceptable.
        RateLimited: too many failures, of the account or of the client.
    """
    account = principal.account
    own_words = addresses.own_words(account.email, account.display_name)
    dependencies.passwords.check(new, own_words=own_words, field="new_password")
    stored = _find_stored(account.email, client, dependencies)
    attempt = attempts.count(
        email=account.email, known=bool(stored and stored.known), client=client, dependencies=dependencies
    )
    if stored is None or not dependencies.passwords.verify(current, stored.password_hash):
        raise _wrong_current()
    attempts.give_back(attempt, dependencies=dependencies)
    if dependencies.passwords.verify(new, stored.password_hash):
        raise ValidationError(details=[Violation("This is the password you have now.", "new_password")])
    password_hash = dependencies.passwords.hash(new)
    change = {"id": principal.user_id, "old": stored.password_hash, "new": password_hash, "now": dependencies.clock()}
    with transaction():
        if not run(_REPLACE_HASH, change):
            raise _wrong_current()
        sessions.end(
            user_id=principal.user_id,
            scope="others",
            session_id=principal.session_id,
            reason="password_changed",
            now=dependencies.moment,
        )


def generate_tokens(
    user_id: UUID, session_id: UUID, generation: int, key_id: str, *, dependencies: Dependencies
) -> Tokens:
    """Return a fresh access token, and the refresh token of a generation: the same bytes each time.

    Raises:
        InvalidRefreshToken: the key of this generation has left the ring.
    """
    return Tokens(
        dependencies.access_tokens.issue(user_id, session_id),
        dependencies.refresh_tokens.derive(session_id, generation, key_id),
        dependencies.config.access_token_seconds,
    )


def unverified_may_sign_in(*, dependencies: Dependencies) -> bool:
    """Tell whether accounts sign in before their address is verified: as was set, else as the process was started."""
    chosen = settings.current_values(dependencies, UNVERIFIED)[UNVERIFIED]
    return dependencies.config.sign_in_unverified if chosen is None else bool(chosen)


def _find_stored(email: str, client: Client, dependencies: Dependencies) -> Stored | None:
    lately = timedelta(days=dependencies.config.limit_known_address_days)
    known = {"email": email, "network": client.network, "lately": lately, "now": dependencies.moment}
    rows = run(_STORED, known)
    return Stored._make(rows[0]) if rows else None


def _upgrade(stored: Stored, password: str, dependencies: Dependencies) -> str:
    """Store the password at the cost in force and return the hash that is stored now."""
    fresh = dependencies.passwords.hash(password)
    if run_in_autocommit(_UPGRADE_HASH, {"id": stored.user_id, "old": stored.password_hash, "new": fresh}):
        return fresh
    # Another sign-in upgraded it first, or the password was changed; only the first leaves ours valid.
    current = run("SELECT password_hash FROM users WHERE id = %(id)s", {"id": stored.user_id})
    if current and dependencies.passwords.verify(password, current[0][0]):
        return str(current[0][0])
    return stored.password_hash


def _wrong_current() -> ValidationError:
    return ValidationError(
        details=[Violation("This is not the current password.", "current_password")], reason="wrong_password"
    )
