"""Signing in and staying signed in: passwords and refresh tokens are exchanged for tokens, and sessions ended."""

from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from app.addresses import canonical
from app.clock import NOW_SQL
from app.errors import InvalidCredentials, InvalidRefreshToken, ValidationError, Violation
from app.results import Proposal
from app.security.access_tokens import AccessTokens, Claims
from app.services import account_addresses, rotations, sessions, settings, sign_in_attempts, user_rows
from charter import Context, Dependencies, execute, execute_in_autocommit, fetch_one, run, transaction
from models import User

UNVERIFIED = "sign_in.unverified"

# SQL text: hot (sign-in).
_BY_ADDRESS = f"""
SELECT u.id, u.email, u.password_hash, u.status, u.verified_at,
       EXISTS (SELECT FROM sessions s
               WHERE s.user_id = u.id AND s.network = %(network)s AND s.created_at > {NOW_SQL} - %(lately)s)
FROM users u WHERE u.email = %(email)s
"""  # noqa: S608 (constants)


class Tokens(NamedTuple):
    """The two tokens of a session's generation, and the life of the first in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int


class SignIn(NamedTuple):
    """A session just opened."""

    user: User
    tokens: Tokens


def authenticate(context: Context, *, email: str, password: str) -> User:
    """Check address and password. Every failure looks alike and takes the same time.

    Returns:
        The user without role and profile, with the `password_hash` as it is stored now.

    Raises:
        RateLimited: too many failures, of the account or of the client.
        InvalidCredentials: unknown address, wrong password, or an account that may not sign in; `reason` says which.
    """
    passwords, address = context.dependencies.passwords, canonical(email)
    user, known = _find(context, address)
    if user:
        context.event.details = {"user_id": str(user.id)}
    attempt = sign_in_attempts.count(context, email=address, known=known)
    if user is None:
        passwords.simulate_verify(password)
        raise InvalidCredentials(reason="unknown_address")
    if not passwords.verify(password, user.password_hash):
        raise InvalidCredentials(reason="wrong_password")
    if user.status != "active":
        raise InvalidCredentials(reason="account_suspended")
    if user.verified_at is None and not unverified_may_sign_in(dependencies=context.dependencies):
        raise InvalidCredentials(reason="address_unverified")
    sign_in_attempts.give_back(context, attempt)
    if passwords.needs_rehash(user.password_hash):
        user.password_hash = _rehash(context.dependencies, user, password)
    return user


def verify_token(tokens: AccessTokens, token: str) -> Claims:
    """Return the claims of an access token, if its signature, form and times are good.

    The session statement then checks that the session is still live.

    Raises:
        InvalidToken: `reason` says what is wrong.
    """
    return tokens.read(token)


def generate_token(tokens: AccessTokens, user_id: UUID, session_id: UUID) -> str:
    """Return a new access token of a session."""
    return tokens.issue(user_id, session_id)


def login(context: Context, *, email: str, password: str) -> SignIn:
    """Open a session.

    Raises:
        RateLimited, InvalidCredentials: as `authenticate`.
    """
    verified = authenticate(context, email=email, password=password)
    with transaction():
        session_id = sessions.open_session(context, verified)
        if session_id is None:
            raise InvalidCredentials(reason="changed_meanwhile")
        user = user_rows.get(verified.id)
    context.event.actor_id, context.event.actor_role = user.id, user.role.name
    context.event.details = {"session_id": str(session_id)}
    key_id = context.dependencies.refresh_tokens.current_key_id
    return SignIn(user, make_tokens(context.dependencies, user.id, session_id, sessions.FIRST_GENERATION, key_id))


def refresh(context: Context, *, refresh_token: str) -> Tokens:
    """Exchange a refresh token for the next one, or return the same one again within the grace.

    The exchange and its event commit together: a request that fails before has consumed nothing. A token that was never
    issued ends no session; one that was used before ends its session.

    Raises:
        InvalidRefreshToken: in every other case; `reason` says which.
    """
    dependencies, event = context.dependencies, context.event
    claim = dependencies.refresh_tokens.read(refresh_token)
    dependencies.unanswered_rotations.record(claim.session_id)
    with transaction():
        rotation = rotations.rotate(context, claim)
        if rotation is None:
            raise InvalidRefreshToken(reason="session_unknown")
        event.actor_id, event.actor_role = rotation.user_id, rotation.role
        event.details = {"session_id": str(claim.session_id)}
        if rotation.outcome not in rotations.CONTINUED:
            raise InvalidRefreshToken(reason=rotation.outcome)
        event.details = {"session_id": str(claim.session_id), "kind": rotation.outcome}
        return make_tokens(dependencies, rotation.user_id, claim.session_id, claim.next_generation, rotation.key_id)


def propose_refresh(context: Context, *, refresh_token: str) -> Proposal | None:
    """Return what `refresh` will return if the token is good, so that one statement can make the exchange.

    Returns:
        The proposal; None where the token has the former form, which does not name the account, or where an earlier
        exchange of its session is in doubt. `refresh` then decides in a transaction. It also does so for a token that
        charter_refresh_sessions.sql leaves alone: it is not the current one of a live session, nor the previous one
        within the grace under the newest key; or another request holds the session.

    Raises:
        InvalidRefreshToken: the token is not one of ours.
    """
    dependencies = context.dependencies
    claim, key_id = dependencies.refresh_tokens.read(refresh_token), dependencies.refresh_tokens.current_key_id
    if claim.user_id is None or dependencies.unanswered_rotations.has(claim.session_id):
        return None
    tokens = make_tokens(dependencies, claim.user_id, claim.session_id, claim.next_generation, key_id)
    return rotations.propose(context, claim, claim.user_id, tokens)


def logout(context: Context, *, scope: sessions.Scope = "this") -> None:
    """End the session of this request, the account's other sessions, or all."""
    principal = context.principal
    with transaction():
        sessions.end(context, principal.user_id, reason="logout", scope=scope, session_id=principal.session_id)


def change_password(context: Context, *, current_password: str, new_password: str) -> None:
    """Replace the actor's own password and end their other sessions.

    Wrong guesses at the current password count as failed sign-ins: a stolen access token does not get around the limit.

    Raises:
        ValidationError: the current password is wrong, or the new one is the same or not acceptable.
        RateLimited: too many failures, of the account or of the client.
    """
    dependencies, principal = context.dependencies, context.principal
    passwords, email = dependencies.passwords, principal.user.email
    own_words = account_addresses.own_words(email, principal.user.profile.display_name)
    passwords.check(new_password, own_words=own_words, field="new_password")
    user, known = _find(context, email)
    attempt = sign_in_attempts.count(context, email=email, known=known)
    if user is None or not passwords.verify(current_password, user.password_hash):
        raise _wrong_password()
    sign_in_attempts.give_back(context, attempt)
    if passwords.verify(new_password, user.password_hash):
        raise ValidationError(details=[Violation("Must differ from the current password.", "new_password")])
    password_hash = passwords.hash(new_password)
    values = {"password_hash": password_hash, "version": User.version + 1, "updated_at": dependencies.clock()}
    with transaction():
        # The hash that was verified is compared: of two changes at once, one wins.
        verified = (User.id == principal.user_id) & (User.password_hash == user.password_hash)
        if not execute(User.update(values).where(verified)):
            raise _wrong_password()
        session_id = principal.session_id
        sessions.end(context, user.id, reason="password_changed", scope="others", session_id=session_id)


def unverified_may_sign_in(*, dependencies: Dependencies) -> bool:
    """Tell whether accounts may sign in before their address is verified.

    The run-time setting decides; where it is not set, the configuration of the process does.
    """
    value = settings.current_values(dependencies, UNVERIFIED)[UNVERIFIED]
    return dependencies.config.sign_in_unverified if value is None else bool(value)


def _find(context: Context, email: str) -> tuple[User | None, bool]:
    """Return the user with an address, and whether it has signed in from the client's network lately."""
    assert context.client is not None
    lately = timedelta(days=context.dependencies.config.limit_known_address_days)
    rows = run(
        _BY_ADDRESS,
        {"email": email, "network": context.client.network, "lately": lately, "now": context.test_now},
    )
    for user_id, address, password_hash, status, verified_at, known in rows:
        user = User(__no_default__=True, id=user_id, email=address, password_hash=password_hash, status=status)
        user.verified_at = verified_at
        return user, known
    return None, False


def make_tokens(dependencies: Dependencies, user_id: UUID, session_id: UUID, generation: int, key_id: str) -> Tokens:
    """Return a new access token, and the refresh token of a generation: the same bytes each time.

    Raises:
        InvalidRefreshToken: the key of this generation is no longer in the ring.
    """
    return Tokens(
        generate_token(dependencies.access_tokens, user_id, session_id),
        dependencies.refresh_tokens.derive(session_id, generation, key_id, user_id),
        dependencies.config.access_token_seconds,
    )


def _rehash(dependencies: Dependencies, user: User, password: str) -> str:
    """Store the same password hashed at the present cost, and return the hash that is stored now.

    The version stays: for the owner, nothing has changed.
    """
    new_hash = dependencies.passwords.hash(password)
    query = User.update(password_hash=new_hash).where(User.id == user.id, User.password_hash == user.password_hash)
    if execute_in_autocommit(query):
        return new_hash
    # Another sign-in rehashed it first, or the password was changed. Ours is still right only in the first case.
    stored = fetch_one(User.select(User.password_hash).where(User.id == user.id))
    if stored and dependencies.passwords.verify(password, stored.password_hash):
        return stored.password_hash
    return user.password_hash


def _wrong_password() -> ValidationError:
    return ValidationError(
        details=[Violation("This is not the current password.", "current_password")], reason="wrong_password"
    )
