"""The settings: one frozen object, read once from the environment, with every mistake reported together.

`docs/configuration.md` lists them all; a house test keeps the two equal.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from app import config_parsers as parse
from app import web_origins
from app.config_checks import contradictions
from app.config_parsers import Bucket, Names

__all__ = ["Bucket", "Config", "ConfigError"]


class ConfigError(Exception):
    """Settings that are missing or wrong.

    Attributes:
        faults: one line for each, naming the variable and how to mend it.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = faults
        super().__init__("\n".join(faults))


def _setting(parser: Any, default: Any, about: str, *, env: str | None = None, secret: bool = False) -> Any:
    return field(default=default, metadata={"parser": parser, "about": about, "env": env, "secret": secret})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Config:
    """Every number and name that a deployment may choose. Attribute names in capitals are the variables."""

    env: str = _setting(
        parse.choice("development", "test", "production"), "production", "the kind of deployment", env="CHARTER_ENV"
    )
    gateway: str = _setting(
        parse.choice("compiled", "connexion"), "compiled", "the way in: ours, or stock Connexion", env="CHARTER_GATEWAY"
    )
    state_dir: Path = _setting(
        parse.path, Path(".charter"), "where development keeps its servers and secrets", env="CHARTER_STATE"
    )

    host: str = _setting(parse.host, "127.0.0.1", "address to listen on")
    port: int = _setting(parse.whole(0, 65535), 8080, "port to listen on; 0 takes a free one")
    workers: int = _setting(parse.whole(1, 64), 1, "worker processes")
    drain_seconds: int | str = _setting(
        parse.whole_or_auto(0, 600),
        "auto",
        "how long /health answers 503, and work goes on, before a server that is told to stop closes its port; "
        "auto: 7 in production, else 0",
    )
    grace_seconds: int = _setting(
        parse.whole(1, 600), 30, "how long requests under way may then take before they are answered 503"
    )
    keep_alive_seconds: int = _setting(
        parse.whole(1, 3600), 75, "an idle connection is closed after this; longer than the balancer keeps one"
    )
    send_seconds: int = _setting(
        parse.whole(1, 3600), 30, "how long a client may take to read a response, and a second more for each KiB"
    )
    metrics_dir: str = _setting(
        parse.text, "", "where workers count together; empty: memory (/dev/shm), else the folder for temporary files"
    )
    public_url: str = _setting(parse.url, "", "where clients reach this deployment, with the path it has there, if any")
    cors_origins: tuple[str, ...] = _setting(parse.origins, (), "origins that browsers may call from, comma-separated")
    cors_request_headers: Names = _setting(
        parse.header_names,
        parse.header_names(web_origins.TRACING),
        "headers that pages of these origins may send, beside those that Charter reads",
    )
    cors_exposed_headers: Names = _setting(
        parse.header_names,
        parse.header_names(web_origins.MEASURED),
        "headers that they may read, beside those that Charter sends",
    )
    cors_max_age_seconds: int = _setting(parse.whole(0, 86_400), 600, "how long browsers may keep the two lists")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _setting(
        parse.networks, (), "networks whose X-Forwarded-For is believed, comma-separated"
    )

    worker_threads: int = _setting(
        parse.whole(1, 256), 16, "threads for operations, and database connections, a worker"
    )
    worker_queue: int = _setting(parse.whole(1, 100_000), 1024, "operations that may wait for a thread; more: 503")
    hashing_threads: int = _setting(parse.whole(0, 64), 0, "threads that hash passwords; 0: as many as cores")
    hashing_queue: int = _setting(parse.whole(1, 100_000), 256, "operations that may wait to hash; more: 503")
    request_seconds: int = _setting(parse.whole(1, 300), 15, "an operation that takes longer answers 503")
    head_seconds: int = _setting(parse.whole(1, 300), 15, "a request's head must have arrived after this long")
    body_seconds: int = _setting(parse.whole(1, 300), 15, "a body must have arrived after this long")
    body_limit: int = _setting(parse.whole(1024, 16_777_216), 65_536, "largest body, bytes")
    uri_limit: int = _setting(parse.whole(256, 60_000), 8_192, "longest path and query, bytes")
    header_limit: int = _setting(parse.whole(1024, 65_536), 16_384, "largest header block, bytes")

    database_url: str = _setting(parse.database_url, "", "postgresql:// URL", secret=True)
    database_connect_seconds: int = _setting(parse.whole(1, 60), 3, "how long to try for a connection")
    database_statement_seconds: int = _setting(parse.whole(1, 300), 10, "a statement that takes longer is cut off: 503")
    redis_url: str = _setting(parse.redis_url, "", "redis://, rediss:// or unix:// URL; empty: no cache", secret=True)
    redis_timeout_ms: int = _setting(parse.whole(10, 5_000), 200, "how long to wait for Redis before going without it")
    redis_prefix: str = _setting(parse.name, "charter", "first part of every Redis key of this deployment")

    jwt_secret: str = _setting(parse.secret, "", "signs access tokens, at least 32 bytes", secret=True)
    jwt_secret_previous: str = _setting(
        parse.secret, "", "also accepted in access tokens, while a change of secret is under way", secret=True
    )
    jwt_issuer: str = _setting(parse.text, "charter", "iss of access tokens")
    jwt_audience: str = _setting(parse.text, "charter", "aud of access tokens")
    access_token_seconds: int = _setting(parse.whole(60, 86_400), 900, "life of an access token")
    refresh_keys: tuple[tuple[str, str], ...] = _setting(
        parse.key_ring, (), "id:secret pairs that make refresh tokens, newest first, comma-separated", secret=True
    )
    refresh_grace_seconds: int = _setting(
        parse.whole(0, 300), 15, "how long the previous refresh token gets the same answer again"
    )
    session_idle_days: int = _setting(parse.whole(1, 365), 30, "a session without a refresh ends after this")
    session_absolute_days: int = _setting(parse.whole(1, 3650), 90, "a session ends after this, whatever happens")
    key_age_days: int = _setting(
        parse.whole(1, 3650), 90, "charter doctor warns of a key that has made refresh tokens for longer than this"
    )
    step_up_account_deletion: int = _setting(
        parse.whole(60, 86_400), 600, "seconds since the sign-in within which an owner may delete the account"
    )

    idempotency_hours: int = _setting(
        parse.whole(1, 720), 24, "how long the answer to a write with an Idempotency-Key is kept for its repetition"
    )

    password_min: int = _setting(parse.whole(8, 128), 15, "shortest new password, characters")
    password_max: int = _setting(parse.whole(64, 256), 256, "longest password, characters")
    bcrypt_cost: int = _setting(parse.whole(4, 16), 10, "bcrypt cost; below 10 only outside production")
    sign_in_unverified: bool = _setting(
        parse.boolean, True, "whether accounts sign in before their address is verified"
    )
    admin_email: str = _setting(
        parse.mail_address, "admin@example.com", "address of the first admin", env="CHARTER_ADMIN_EMAIL"
    )
    admin_password: str = _setting(
        parse.text, "", "password of the first admin", env="CHARTER_ADMIN_PASSWORD", secret=True
    )

    limit_default: Bucket = _setting(
        parse.bucket, Bucket(300, 60), "requests a caller, as count/seconds or count/seconds/burst"
    )
    limit_read: Bucket = _setting(parse.bucket, Bucket(600, 60), "reads a caller")
    limit_write: Bucket = _setting(parse.bucket, Bucket(120, 60), "writes a caller")
    limit_login: Bucket = _setting(parse.bucket, Bucket(60, 60), "sign-ins a client address")
    limit_register: Bucket = _setting(parse.bucket, Bucket(30, 60), "registrations a client address")
    limit_refresh: Bucket = _setting(parse.bucket, Bucket(120, 60), "refreshes a client address")
    limit_account_failures: int = _setting(parse.whole(1, 1000), 5, "failed sign-ins an account before it must wait")
    limit_account_max_seconds: int = _setting(parse.whole(1, 86_400), 900, "longest wait after failed sign-ins")
    limit_known_address_days: int = _setting(
        parse.whole(0, 365), 30, "an address that signed in within this has a counter of its own"
    )
    limit_client_failures: int = _setting(parse.whole(1, 100_000), 30, "failed sign-ins a client in a window")
    limit_client_window_seconds: int = _setting(parse.whole(1, 86_400), 300, "that window")

    cache_profile: int = _setting(parse.whole(1, 86_400), 300, "longest life of a cached profile, seconds")
    cache_settings: int = _setting(parse.whole(1, 86_400), 300, "longest life of cached configuration, seconds")
    cache_statistics: int = _setting(parse.whole(1, 86_400), 15, "longest life of cached statistics, seconds")
    cache_replay_seconds: int = _setting(
        parse.whole(1, 3600), 2, "how often what could not be dropped from the cache is tried again"
    )
    statistics_seconds: int = _setting(
        parse.whole(10, 86_400), 300, "how often a worker settles hours of the activity and sums up counts"
    )
    statistics_settle_seconds: int = _setting(
        parse.whole(60, 86_400), 900, "an hour of the activity is settled this long after its end"
    )

    health_seconds: int = _setting(
        parse.whole(1, 3600), 5, "how often a worker looks whether database and cache take writes, for /health"
    )
    slow_query_ms: int = _setting(parse.whole(1, 60_000), 100, "a query that takes longer is logged as a warning")
    slow_request_ms: int = _setting(parse.whole(1, 60_000), 500, "a request that takes longer is logged as a warning")
    log_level: str = _setting(parse.choice("debug", "info", "warning", "error"), "info", "least level that is logged")
    log_format: str = _setting(
        parse.choice("auto", "json", "console"), "auto", "JSON lines, or colours; auto: colours in development"
    )
    metrics_token: str = _setting(
        parse.secret, "", "bearer token of /metrics, which in production is closed without it", secret=True
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Read the settings.

        Args:
            environ: variables; an empty one counts as absent.

        Raises:
            ConfigError: with a line for each variable that is missing or wrong.
        """
        given, faults = cls.read(environ)
        if faults:
            raise ConfigError(faults)
        return given

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Return the settings as far as they can be read, and a line for each fault; what is wrong has its default."""
        values, faults = {}, []
        for item in fields(cls):
            name = variable(item)
            text = environ.get(name, "").strip()
            if not text:
                continue
            try:
                values[item.name] = item.metadata["parser"](text)
            except ValueError as error:
                faults.append(f"{name} {error}")
        given = cls(**values)
        broken = {fault.split(" ", 1)[0] for fault in faults}
        return given, faults + [line for line in contradictions(given) if line.split(" ", 1)[0] not in broken]

    @property
    def public_path(self) -> str:
        """The path of the deployment, which begins every absolute reference; empty at the root of a host."""
        return urlsplit(self.public_url).path

    @property
    def drain(self) -> int:
        """The seconds between the order to stop and the closed port: DRAIN_SECONDS, or what `auto` means here."""
        if isinstance(self.drain_seconds, int):
            return self.drain_seconds
        return AUTOMATIC_DRAIN_SECONDS if self.env == "production" else 0

    @property
    def buckets(self) -> dict[str, Bucket]:
        """The rate limits by the name that `x-rate-limit` uses."""
        return {name: getattr(self, f"limit_{name}") for name in BUCKETS}

    @property
    def recencies(self) -> dict[str, int]:
        """The seconds since the last sign-in by the name that `x-step-up` uses."""
        return {name: getattr(self, f"step_up_{name}") for name in RECENCIES}

    @property
    def lifetimes(self) -> dict[str, int]:
        """The longest lives of cached answers, in seconds, by the name that `x-cache` uses."""
        return {name: getattr(self, f"cache_{name}") for name in CACHES}

    def __repr__(self) -> str:
        shown = {item.name: getattr(self, item.name) for item in fields(self)}
        shown |= {item.name: "***" for item in fields(self) if item.metadata["secret"] and shown[item.name]}
        return f"Config({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


# HAProxy takes a server out after three checks two seconds apart; one second for the last of them to be answered.
AUTOMATIC_DRAIN_SECONDS = 7
CACHES = ("profile", "settings", "statistics")
RECENCIES = ("account_deletion",)
BUCKETS = ("default", "read", "write", "login", "register", "refresh")


def variable(item: Field[Any]) -> str:
    """Return the name of the environment variable of a field of Config."""
    return item.metadata["env"] or item.name.upper()


def catalogue() -> list[tuple[str, str, str]]:
    """Return (variable, default, about) of every setting, in order: what docs/configuration.md must say."""
    return [
        (variable(item), "" if item.default is MISSING else str(item.default), item.metadata["about"])
        for item in fields(Config)
    ]
