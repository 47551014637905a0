"""auth: creating an account for oneself, and the life of a session."""

from typing import Any

from app.addresses import canonical
from app.errors import InvalidCredentials, InvalidRefreshToken
from app.mock import accounts, sessions, settings, sign_in_attempts
from app.mock.dependencies import dependencies_of, state_of
from app.services import account_addresses, auth, registration
from app.services.rights import GUEST
from app.services.rotations import CONTINUED
from charter import Context
from handlers.presenters import present_tokens, present_user

Body = dict[str, Any]


def register(context: Context, body: Body) -> dict[str, Any]:
    """Create an account for oneself."""
    dependencies, display_name = dependencies_of(context), body.get("display_name")
    address = account_addresses.accept(body["email"])
    registration.require_admission(settings.values(dependencies), address, body.get("invitation_code"))
    words = account_addresses.own_words(address, display_name)
    dependencies.passwords.check(body["password"], own_words=words)
    made = accounts.insert(
        dependencies.state,
        email=address,
        password_hash=dependencies.passwords.hash(body["password"]),
        role=GUEST,
        verified=False,
        profile={"display_name": display_name},
        now=dependencies.clock(),
    )
    context.event.details = {"user_id": str(made.id)} if made else {"address": "known"}
    return {"status": "pending"}


def login(context: Context, body: Body) -> dict[str, Any]:
    """Sign in."""
    dependencies, address = dependencies_of(context), canonical(body["email"])
    account = accounts.by_email(dependencies.state, address)
    context.event.details = {"user_id": str(account.id)} if account else None
    attempt = sign_in_attempts.count(context, email=address, account=account)
    if account is None:
        raise InvalidCredentials(reason="unknown_address")
    if not dependencies.passwords.verify(body["password"], account.password_hash):
        raise InvalidCredentials(reason="wrong_password")
    if account.status != "active":
        raise InvalidCredentials(reason="account_suspended")
    if account.verified_at is None and not settings.unverified_may_sign_in(dependencies):
        raise InvalidCredentials(reason="address_unverified")
    sign_in_attempts.give_back(dependencies.state, attempt)
    session = sessions.open_session(context, account)
    context.event.actor_id, context.event.actor_role = account.id, account.role
    context.event.details = {"session_id": str(session.id)}
    tokens = auth.make_tokens(dependencies, account.id, session.id, session.generation, session.key_id)
    return {**present_tokens(tokens), "user": present_user(account.user)}


def refresh(context: Context, body: Body) -> dict[str, Any]:
    """Continue a session with new tokens; reuse ends it."""
    dependencies, state = dependencies_of(context), state_of(context)
    now, claim = dependencies.clock(), dependencies.refresh_tokens.read(body["refresh_token"])
    session = state.tables.sessions.get(claim.session_id)
    if session is None or session.user not in state.tables.accounts:
        raise InvalidRefreshToken(reason="session_unknown")
    outcome, user_id = sessions.judge(context, session, claim, now), session.user
    context.event.actor_id, context.event.actor_role = user_id, state.tables.accounts[user_id].role
    context.event.details = {"session_id": str(session.id)}
    if outcome == "reuse":
        session_id = session.id
        state.even_if_refused(
            lambda: sessions.end(state, user_id, now=now, scope="this", session_id=session_id),
        )
    if outcome not in CONTINUED:
        raise InvalidRefreshToken(reason=outcome)
    if outcome == "rotated":
        sessions.rotate(context, session, now)
    context.event.details = {"session_id": str(session.id), "kind": outcome}
    key_id = state.tables.sessions[session.id].key_id
    return present_tokens(auth.make_tokens(dependencies, user_id, session.id, claim.generation + 1, key_id))


def logout(context: Context, body: Body | None) -> None:
    """Sign out here, elsewhere or everywhere."""
    principal, scope = context.principal, (body or {}).get("scope", "this")
    sessions.end(
        state_of(context),
        principal.user_id,
        now=context.dependencies.clock(),
        scope=scope,
        session_id=principal.session_id,
    )
