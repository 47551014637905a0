"""The keys: whether every live session can still be refreshed, and how long a key has been in use."""

from collections.abc import Iterator
from datetime import UTC, datetime

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, counted, failed, ok, skipped, warning
from app.services import key_ring


def ring(deployment: Deployment) -> Iterator[Verdict]:
    """A live session that names a key outside REFRESH_KEYS cannot be refreshed."""
    found = key_ring.uses()
    lost = key_ring.missing(found.values(), deployment.config.refresh_keys)
    if not lost:
        live = sum(use.live for use in found.values())
        yield ok(f"{counted(live, 'live session')}, none with a key outside REFRESH_KEYS")
        return
    told = ", ".join(f"{use.key_id} ({counted(use.live, 'session')})" for use in lost)
    ids = " and ".join(use.key_id for use in lost)
    yield failed(
        f"live sessions name keys that are not in REFRESH_KEYS: {told}",
        f"put {ids} back at the end of REFRESH_KEYS and restart, or these people sign in again",
    )


def unused(deployment: Deployment) -> Iterator[Verdict]:
    """Tell which of the older keys could leave the ring, and which no session has ever named."""
    found = key_ring.uses()
    (newest, _), *older = deployment.config.refresh_keys
    old = [key_id for key_id, _ in older if key_id in found and not found[key_id].live]
    new = [key_id for key_id, _ in older if key_id not in found]
    told = [f"{newest} signs"]
    told += [f"{', '.join(old)} may be removed: no live session needs it"] if old else []
    if new:
        told.append(
            f"no session names {', '.join(new)}: if it is new, it may go to the front once every server has it; "
            "if it is old, it may be removed"
        )
    yield ok("; ".join(told))


def age(deployment: Deployment) -> Iterator[Verdict]:
    """Tell how long the newest key has made refresh tokens, as far as sessions still tell."""
    newest, _ = deployment.config.refresh_keys[0]
    use = key_ring.uses().get(newest)
    if use is None:
        yield ok(f"{newest} has made no token that a session still names")
        return
    days, most = (datetime.now(UTC) - use.since).days, deployment.config.key_age_days
    found = f"{newest} has made refresh tokens for at least {counted(days, 'day')}"
    if days > most:
        yield warning(
            f"{found}, longer than KEY_AGE_DAYS ({most})",
            "add a new key at the end of REFRESH_KEYS, restart every server, then move it to the front",
        )
    else:
        yield ok(found)


def token_secret(deployment: Deployment) -> Iterator[Verdict]:
    """Tell the age of JWT_SECRET where it is known: the file that development made it in."""
    if deployment.made_at is None:
        yield skipped("nothing records when JWT_SECRET was made")
    else:
        days = (datetime.now(UTC) - deployment.made_at).days
        yield ok(f"JWT_SECRET was made {counted(days, 'day')} ago, for development")
