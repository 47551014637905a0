"""The keys: whether every live session can be refreshed, and how long a key has been in use."""

from collections.abc import Iterator
from datetime import UTC, datetime

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, skipped, warning
from app.services import key_ring


def ring(deployment: Deployment) -> Iterator[Verdict]:
    """Check that REFRESH_KEYS has the key of every live session: without its key a session cannot be refreshed."""
    uses = key_ring.uses()
    lost = key_ring.missing(uses.values(), deployment.config.refresh_keys)
    if not lost:
        live = sum(use.live for use in uses.values())
        yield ok(f"{counted(live, 'live session')}, all with a key in REFRESH_KEYS")
        return
    named = ", ".join(f"{use.key_id} ({counted(use.live, 'session')})" for use in lost)
    ids = " and ".join(use.key_id for use in lost)
    yield failed(
        f"live sessions use keys that are not in REFRESH_KEYS: {named}",
        f"put {ids} back at the end of REFRESH_KEYS and restart, or their users must sign in again",
    )


def unused(deployment: Deployment) -> Iterator[Verdict]:
    """Report which of the older keys may be removed, and which no session ever used."""
    uses = key_ring.uses()
    (newest, _), *older = deployment.config.refresh_keys
    old = [key_id for key_id, _ in older if key_id in uses and not uses[key_id].live]
    new = [key_id for key_id, _ in older if key_id not in uses]
    parts = [f"{newest} signs"]
    parts += [f"{', '.join(old)} may be removed: no live session uses it"] if old else []
    if new:
        parts.append(
            f"no session uses {', '.join(new)}: if it is new, move it to the front once every server has it; "
            "if it is old, you may remove it"
        )
    yield ok("; ".join(parts))


def age(deployment: Deployment) -> Iterator[Verdict]:
    """Report how long the newest key has signed refresh tokens, as far as the sessions show it."""
    newest, _ = deployment.config.refresh_keys[0]
    use = key_ring.uses().get(newest)
    if use is None:
        yield ok(f"{newest} has signed no token of a session that still exists")
        return
    days, most = (datetime.now(UTC) - use.since).days, deployment.config.key_age_days
    period = f"{newest} has signed refresh tokens for at least {counted(days, 'day')}"
    if days > most:
        yield warning(
            f"{period}, longer than KEY_AGE_DAYS ({most})",
            "add a new key at the end of REFRESH_KEYS, restart every server, then move it to the front",
        )
    else:
        yield ok(period)


def token_secret(deployment: Deployment) -> Iterator[Verdict]:
    """Report the age of JWT_SECRET where it is known: in development, from the file that holds it."""
    if deployment.secrets_created_at is None:
        yield skipped("nothing records when JWT_SECRET was created")
    else:
        days = (datetime.now(UTC) - deployment.secrets_created_at).days
        yield ok(f"JWT_SECRET was created {counted(days, 'day')} ago, for development")
