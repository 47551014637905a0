"""The settings: every fault, and what works in production but should not stay so."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, failed, ok, warning
from app.security.access_tokens import key_id

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def values(deployment: Deployment) -> Iterator[Verdict]:
    """Tell every value that is missing, wrong, or at odds with another."""
    for fault in deployment.faults:
        yield failed(fault.message.rstrip("."), fault.fix or f"correct {fault.variable}")
    if not deployment.faults:
        yield ok(f"{deployment.config.env}, gateway {deployment.config.gateway}; none missing, wrong or contradictory")


def servers(deployment: Deployment) -> Iterator[Verdict]:
    """Tell what became of the servers of development."""
    yield from deployment.servers


def public_url(deployment: Deployment) -> Iterator[Verdict]:
    """In production: clients learn the address from the document."""
    url = deployment.config.public_url
    if not deployment.in_production:
        return
    if not url:
        yield warning("the served document does not say where this deployment is", "set PUBLIC_URL")
    elif urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOOPBACK:
        yield warning(f"{url} is not https: passwords and tokens can be read on the way", "set PUBLIC_URL to https://…")
    else:
        yield ok(url)


def metrics_token(deployment: Deployment) -> Iterator[Verdict]:
    """In production: without the token nobody reads /metrics."""
    if not deployment.in_production:
        return
    if deployment.config.metrics_token:
        yield ok("/metrics asks for METRICS_TOKEN")
    else:
        yield warning(
            "/metrics is closed to everybody", "set METRICS_TOKEN, such as to the output of: openssl rand -base64 48"
        )


def origins(deployment: Deployment) -> Iterator[Verdict]:
    """In production: an origin that others can take on lets their pages call the API."""
    if not deployment.in_production:
        return
    given = deployment.config.cors_origins
    wide = [
        item
        for item in given
        if item.startswith("http://") or (item.startswith("https://") and urlsplit(item).hostname in _LOOPBACK)
    ]
    if wide:
        yield warning(
            f"browsers may call from {', '.join(wide)}, which others can stand in for",
            "leave only https origins of your own in CORS_ORIGINS",
        )
    else:
        yield ok(f"browsers may call from {', '.join(given)}" if given else "browsers may call from no other origin")


def proxies(deployment: Deployment) -> Iterator[Verdict]:
    """In production: whoever is believed about client addresses passes every limit by address."""
    if not deployment.in_production:
        return
    given = deployment.config.trusted_proxies
    everybody = [str(network) for network in given if not network.prefixlen]
    if everybody:
        yield warning(
            f"X-Forwarded-For is believed from {', '.join(everybody)}: every client may choose its address",
            "name only your own proxies in TRUSTED_PROXIES",
        )
    else:
        named = ", ".join(map(str, given))
        yield ok(f"X-Forwarded-For is believed from {named}" if given else "X-Forwarded-For is believed from nobody")


def log_level(deployment: Deployment) -> Iterator[Verdict]:
    """In production: debug lines cost time and disk."""
    if not deployment.in_production:
        return
    level = deployment.config.log_level
    yield warning("everything is logged, debug lines too", "set LOG_LEVEL to info") if level == "debug" else ok(level)


def rotation(deployment: Deployment) -> Iterator[Verdict]:
    """Tell of a change of JWT_SECRET that was not finished, by the ids that every access token names."""
    config = deployment.config
    signs = key_id(config.jwt_secret) if config.jwt_secret else "nothing"
    if config.jwt_secret_previous:
        accepted = key_id(config.jwt_secret_previous)
        yield warning(
            f"a change of JWT_SECRET is under way: {signs} signs, {accepted} is accepted too",
            "where JWT_SECRET_PREVIOUS is the new secret: once every server has it, swap the two; where it is the old "
            f"one: remove it once {config.access_token_seconds} s (for repetitions with an Idempotency-Key "
            f"{config.idempotency_hours} h) have passed since every server signs with JWT_SECRET",
        )
    else:
        yield ok(f"no change of JWT_SECRET is under way: {signs} signs")
