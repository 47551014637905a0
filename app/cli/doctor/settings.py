"""The settings: every fault, and what works in production but should not stay so."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from app.cli.doctor.findings import Verdict, failed, ok, warning
from app.cli.doctor.patient import Patient

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def values(patient: Patient) -> Iterator[Verdict]:
    """Tell every value that is missing, wrong, or at odds with another."""
    for fault in patient.faults:
        found, _, mend = fault.partition("; ")
        variable = fault.split(" ", 1)[0]
        yield failed(found, mend or f"set {variable} to what it takes; docs/settings.md lists the settings")
    if not patient.faults:
        yield ok(f"{patient.settings.env}, gateway {patient.settings.gateway}; none missing, wrong or contradictory")


def servers(patient: Patient) -> Iterator[Verdict]:
    """Tell what became of the servers of development."""
    yield from patient.servers


def public_url(patient: Patient) -> Iterator[Verdict]:
    """In production: clients learn the address from the document."""
    url = patient.settings.public_url
    if not patient.in_production:
        return
    if not url:
        yield warning("the served document does not say where this deployment is", "set PUBLIC_URL")
    elif urlsplit(url).scheme != "https" and urlsplit(url).hostname not in _LOOPBACK:
        yield warning(f"{url} is not https: passwords and tokens can be read on the way", "set PUBLIC_URL to https://…")
    else:
        yield ok(url)


def metrics_token(patient: Patient) -> Iterator[Verdict]:
    """In production: without the token nobody reads /metrics."""
    if not patient.in_production:
        return
    if patient.settings.metrics_token:
        yield ok("/metrics asks for METRICS_TOKEN")
    else:
        yield warning(
            "/metrics is closed to everybody", "set METRICS_TOKEN, such as to the output of: openssl rand -base64 48"
        )


def origins(patient: Patient) -> Iterator[Verdict]:
    """In production: an origin that others can take on lets their pages call the API."""
    if not patient.in_production:
        return
    given = patient.settings.cors_origins
    wide = [item for item in given if item.startswith("http://") or urlsplit(item).hostname in _LOOPBACK]
    if wide:
        yield warning(
            f"browsers may call from {', '.join(wide)}, which others can stand in for",
            "leave only https origins of your own in CORS_ORIGINS",
        )
    else:
        yield ok(f"browsers may call from {', '.join(given)}" if given else "browsers may call from no other origin")


def proxies(patient: Patient) -> Iterator[Verdict]:
    """In production: whoever is believed about client addresses passes every limit by address."""
    if not patient.in_production:
        return
    given = patient.settings.trusted_proxies
    everybody = [str(network) for network in given if not network.prefixlen]
    if everybody:
        yield warning(
            f"X-Forwarded-For is believed from {', '.join(everybody)}: every client may choose its address",
            "name only your own proxies in TRUSTED_PROXIES",
        )
    else:
        named = ", ".join(map(str, given))
        yield ok(f"X-Forwarded-For is believed from {named}" if given else "X-Forwarded-For is believed from nobody")


def log_level(patient: Patient) -> Iterator[Verdict]:
    """In production: debug lines cost time and disk."""
    if not patient.in_production:
        return
    level = patient.settings.log_level
    yield warning("everything is logged, debug lines too", "set LOG_LEVEL to info") if level == "debug" else ok(level)


def rotation(patient: Patient) -> Iterator[Verdict]:
    """Tell of a change of JWT_SECRET that was not finished."""
    settings = patient.settings
    if settings.jwt_secret_previous:
        yield warning(
            "JWT_SECRET_PREVIOUS is still accepted; it is of no use once "
            f"{settings.access_token_seconds} s have passed since the last server began to sign with JWT_SECRET",
            "remove JWT_SECRET_PREVIOUS and restart",
        )
    else:
        yield ok("no change of JWT_SECRET is under way")
