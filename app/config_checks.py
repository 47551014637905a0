"""What is wrong with settings only beside one another, or only in one kind of deployment."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.config import Config

# Parts of a word that give away a secret nobody chose at random.
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "secret", "example", "placeholder", "insecure", "password")


def contradictions(config: "Config") -> list[str]:
    """Return a line for each setting that is missing, or wrong only beside another or in this kind of deployment."""
    faults = []
    if not config.database_url:
        faults.append(
            "DATABASE_URL is missing; set it to a URL such as postgresql://user:password@host:5432/charter, "
            "or set CHARTER_ENV=development for what `make run` made"
        )
    if not config.jwt_secret:
        faults.append("JWT_SECRET is missing; make one with: openssl rand -base64 48")
    if not config.refresh_keys:
        faults.append("REFRESH_KEYS is missing; set it to an id and a secret, such as k1:$(openssl rand -base64 48)")
    if config.session_idle_days > config.session_absolute_days:
        faults.append("SESSION_IDLE_DAYS is longer than SESSION_ABSOLUTE_DAYS; make it shorter")
    if config.statistics_settle_seconds <= config.request_seconds:
        faults.append("STATISTICS_SETTLE_SECONDS is not longer than REQUEST_SECONDS; make it longer")
    if config.password_min > config.password_max:
        faults.append("PASSWORD_MIN is greater than PASSWORD_MAX; make it smaller")
    signing = {config.jwt_secret, config.jwt_secret_previous} - {""}
    if config.jwt_secret and config.jwt_secret_previous == config.jwt_secret:
        faults.append("JWT_SECRET_PREVIOUS is the same as JWT_SECRET; remove it, or set the other secret of the change")
    keys = [content for _, content in config.refresh_keys]
    if len(set(keys)) != len(keys) or not signing.isdisjoint(keys):
        faults.append("REFRESH_KEYS must share no secret with JWT_SECRET or with one another; make new ones")
    given = {*signing, *keys}
    if config.metrics_token in given:
        faults.append("METRICS_TOKEN is the same as another secret; make one of its own: openssl rand -base64 48")
    if config.env != "development":
        faults += _placeholder_faults(config)
    if config.env == "production" and config.bcrypt_cost < 10:
        faults.append("BCRYPT_COST is below 10, which is for development and tests only; set it to 10 or more")
    return faults


def _placeholder_faults(config: "Config") -> list[str]:
    faults = []
    named = [("JWT_SECRET", config.jwt_secret), ("JWT_SECRET_PREVIOUS", config.jwt_secret_previous)]
    named += [("REFRESH_KEYS", content) for _, content in config.refresh_keys]
    named.append(("METRICS_TOKEN", config.metrics_token))
    for variable, value in named:
        if value and (len(set(value)) < 8 or any(word in value.lower() for word in _PLACEHOLDERS)):
            faults.append(f"{variable} looks like a placeholder; make a secret with: openssl rand -base64 48")
    return faults
