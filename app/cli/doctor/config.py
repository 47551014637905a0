"""The configuration: every fault, and what works in production but should be changed."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.cli.doctor.deployment import Deployment
from app.cli.doctor.findings import Verdict, failed, ok, warning
from app.cli.printing import printable
from app.config_names import misspelt_variables
from app.security.access_tokens import key_id

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def values(deployment: Deployment) -> Iterator[Verdict]:
    """Report every value that is missing, wrong, or in conflict with another."""
    for fault in deployment.faults:
        yield failed(fault.message.rstrip("."), fault.fix or f"correct {fault.variable}")
    if not deployment.faults:
        yield ok(f"{deployment.config.env}, gateway {deployment.config.gateway}; every variable is right")


def names(deployment: Deployment) -> Iterator[Verdict]:
    """Report variables that Charter ignores because their name is probably misspelt."""
    misspelt = list(misspelt_variables(deployment.variables))
    for name, meant in misspelt:
        yield warning(f"{printable(name)} is set, and Charter has no such variable", f"if you mean {meant}, rename it")
    if not misspelt:
        yield ok("no variable has a name that is almost one of Charter's")


def servers(deployment: Deployment) -> Iterator[Verdict]:
    """Report the servers of development."""
    yield from deployment.servers


def public_url(deployment: Deployment) -> Iterator[Verdict]:
    """Check, in production, the address that clients read in the document."""
    url = deployment.config.public_url
    if not deployment.in_production:
        return
    if not url:
        yield warning(
            "the served document does not say where this deployment is", "set PUBLIC_URL to its https address"
        )
    elif urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOOPBACK:
        yield warning(
            f"{url} is not https: others can read passwords and tokens on the way", "set PUBLIC_URL to https://…"
        )
    else:
        yield ok(url)


def metrics_token(deployment: Deployment) -> Iterator[Verdict]:
    """Check, in production, that /metrics can be read."""
    if not deployment.in_production:
        return
    if deployment.config.metrics_token:
        yield ok("/metrics requires METRICS_TOKEN")
    else:
        yield warning(
            "/metrics rejects every request", "set METRICS_TOKEN, for example to the output of: openssl rand -base64 48"
        )


def origins(deployment: Deployment) -> Iterator[Verdict]:
    """Check, in production, for origins that others can imitate: their pages could call the API."""
    if not deployment.in_production:
        return
    origins = deployment.config.cors_origins
    wide = [
        item
        for item in origins
        if item.startswith("http://") or (item.startswith("https://") and urlsplit(item).hostname in _LOOPBACK)
    ]
    if wide:
        yield warning(
            f"browsers may call from {', '.join(wide)}, which others can imitate",
            "leave only https origins of your own in CORS_ORIGINS",
        )
    else:
        yield ok(
            f"browsers may call from {', '.join(origins)}" if origins else "browsers may call from no other origin"
        )


def proxies(deployment: Deployment) -> Iterator[Verdict]:
    """Check, in production, which proxies may set client addresses: a client that may passes every limit by address."""
    if not deployment.in_production:
        return
    networks = deployment.config.trusted_proxies
    everybody = [str(network) for network in networks if not network.prefixlen]
    if everybody:
        yield warning(
            f"X-Forwarded-For is trusted from {', '.join(everybody)}: every client may choose its address",
            "name only your own proxies in TRUSTED_PROXIES",
        )
    else:
        names = ", ".join(map(str, networks))
        yield ok(f"X-Forwarded-For is trusted from {names}" if networks else "X-Forwarded-For is trusted from nobody")


def log_level(deployment: Deployment) -> Iterator[Verdict]:
    """Check, in production, that no debug lines are logged: they cost time and disk."""
    if not deployment.in_production:
        return
    level = deployment.config.log_level
    yield warning("the server logs debug lines", "set LOG_LEVEL to info") if level == "debug" else ok(level)


def rotation(deployment: Deployment) -> Iterator[Verdict]:
    """Report an unfinished change of JWT_SECRET, by the key ids in access tokens."""
    config = deployment.config
    signs = key_id(config.jwt_secret) if config.jwt_secret else "nothing"
    if config.jwt_secret_previous:
        accepted = key_id(config.jwt_secret_previous)
        yield warning(
            f"a change of JWT_SECRET is in progress: {signs} signs, {accepted} is accepted too",
            "if JWT_SECRET_PREVIOUS is the new secret, swap the two once every server has it; if it is the old one, "
            f"remove it {config.access_token_seconds} s (for repetitions with an Idempotency-Key "
            f"{config.idempotency_hours} h) after every server signs with JWT_SECRET",
        )
    else:
        yield ok(f"no change of JWT_SECRET is in progress: {signs} signs")
