"""The configuration: one frozen object, read once from the environment, with all mistakes reported together.

`docs/configuration.md` lists every variable; a house test compares it with this file.
"""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from app import config_parsers as parse
from app import declared_numbers, web_origins
from app.config_checks import ConfigError, ConfigFault, contradictions, value_fault
from app.config_parsers import Bucket, Names
from app.declared_numbers import Kind, PolicyNumbers

__all__ = ["Bucket", "Config", "ConfigError", "ConfigFault"]


def _field(parser: Any, default: Any, about: str, *, env: str | None = None, secret: bool = False) -> Any:
    return field(default=default, metadata={"parser": parser, "about": about, "env": env, "secret": secret})


def _numbers(kind: Kind) -> Any:
    """Return a field with the numbers that policies.yaml declares."""
    return field(default_factory=lambda: declared_numbers.defaults(kind), metadata={"kind": kind, "secret": False})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Config:
    """Every number and name that a deployment may choose.

    A variable has the name of its attribute in capitals, unless `env` names another. The numbers of policies.yaml have
    a variable each: `LIMIT_READ` is `buckets["read"]`.
    """

    env: str = _field(
        parse.choice("development", "test", "production"), "production", "the kind of deployment", env="CHARTER_ENV"
    )
    gateway: str = _field(
        parse.choice("compiled", "connexion"),
        "compiled",
        "Charter's own gateway, or the stock stack of Connexion",
        env="CHARTER_GATEWAY",
    )
    state_dir: Path = _field(
        parse.path, Path(".charter"), "the folder for the servers and secrets of development", env="CHARTER_STATE"
    )

    host: str = _field(parse.host, "127.0.0.1", "the address to listen on")
    port: int = _field(parse.whole(0, 65535), 8080, "the port to listen on; 0 chooses a free one")
    workers: int = _field(parse.whole(1, 64), 1, "the number of worker processes")
    drain_seconds: int | str = _field(
        parse.whole_or_auto(0, 600),
        "auto",
        "how long a stopping server still serves, with 503 for /health, before it closes its port; "
        "auto: 7 in production, else 0",
    )
    grace_seconds: int = _field(
        parse.whole(1, 600), 30, "how long running requests may then take before they get a 503"
    )
    keep_alive_seconds: int = _field(
        parse.whole(1, 3600),
        75,
        "an idle connection is closed after this; longer than the load balancer keeps one",
    )
    send_seconds: int = _field(
        parse.whole(1, 3600), 30, "how long a client may take to read a response, plus one second for each KiB"
    )
    metrics_dir: str = _field(
        parse.text,
        "",
        "the folder where workers share metrics; empty: memory (/dev/shm), else the folder for temporary files",
    )
    public_url: str = _field(parse.url, "", "the URL of this deployment for clients, with its path if it has one")
    deployment_name: str = _field(
        parse.name,
        "",
        "what this deployment is, such as staging; empty: the value of CHARTER_ENV. `charter contract` asks before it "
        "tests one that is called production",
    )
    reference_pages: bool = _field(
        parse.boolean, True, "whether /docs, /docs/try and /llms.txt are served; the document always is"
    )
    cors_origins: tuple[str, ...] = _field(parse.origins, (), "origins whose pages may call, separated by commas")
    cors_request_headers: Names = _field(
        parse.header_names,
        parse.header_names(web_origins.TRACING),
        "headers that pages of these origins may send, besides those that Charter reads",
    )
    cors_exposed_headers: Names = _field(
        parse.header_names,
        parse.header_names(web_origins.MEASURED),
        "headers that these pages may read, besides those that Charter sends",
    )
    cors_max_age_seconds: int = _field(parse.whole(0, 86_400), 600, "how long browsers may remember these two lists")
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = _field(
        parse.networks, (), "networks of proxies whose X-Forwarded-For is trusted, separated by commas"
    )

    worker_threads: int = _field(
        parse.whole(1, 256), 16, "threads for operations in each worker, and its database connections"
    )
    worker_queue: int = _field(parse.whole(1, 100_000), 1024, "operations that may wait for a thread; more get a 503")
    hashing_threads: int = _field(parse.whole(0, 64), 0, "passwords that are hashed at once; 0: as many as cores")
    hashing_queue: int = _field(parse.whole(1, 100_000), 256, "operations that may wait to hash; more get a 503")
    request_seconds: int = _field(parse.whole(1, 300), 15, "an operation that takes longer gets a 503")
    head_seconds: int = _field(parse.whole(1, 300), 15, "how long the head of a request may take to arrive")
    body_seconds: int = _field(parse.whole(1, 300), 15, "how long a body may take to arrive")
    body_limit: int = _field(parse.whole(1024, 16_777_216), 65_536, "the largest body, in bytes")
    uri_limit: int = _field(parse.whole(256, 60_000), 8_192, "the longest path and query, in bytes")
    header_limit: int = _field(parse.whole(1024, 65_536), 16_384, "the largest header section, in bytes")

    database_url: str = _field(parse.database_url, "", "the postgresql:// URL of the database", secret=True)
    database_connect_seconds: int = _field(parse.whole(1, 60), 3, "how long to try to connect")
    database_statement_seconds: int = _field(parse.whole(1, 300), 10, "a statement that takes longer is cancelled")
    redis_url: str = _field(parse.redis_url, "", "a redis://, rediss:// or unix:// URL; empty: no cache", secret=True)
    redis_timeout_ms: int = _field(parse.whole(10, 5_000), 200, "how long a request waits for Redis")
    redis_prefix: str = _field(parse.name, "charter", "the first part of every Redis key of this deployment")

    jwt_secret: str = _field(parse.secret, "", "signs access tokens, at least 32 bytes", secret=True)
    jwt_secret_previous: str = _field(
        parse.secret,
        "",
        "also accepted in access tokens, while the secret is being changed",
        secret=True,
    )
    jwt_issuer: str = _field(parse.text, "charter", "the `iss` of access tokens")
    jwt_audience: str = _field(parse.text, "charter", "the `aud` of access tokens")
    access_token_seconds: int = _field(parse.whole(60, 86_400), 900, "how long an access token is valid")
    refresh_keys: tuple[tuple[str, str], ...] = _field(
        parse.key_ring, (), "id:secret pairs that make refresh tokens, newest first, separated by commas", secret=True
    )
    refresh_grace_seconds: int = _field(
        parse.whole(0, 300), 15, "how long the previous refresh token gets the same new token again"
    )
    session_idle_days: int = _field(parse.whole(1, 365), 30, "a session that is not refreshed ends after this time")
    session_absolute_days: int = _field(parse.whole(1, 3650), 90, "every session ends after this time")
    key_age_days: int = _field(
        parse.whole(1, 3650), 90, "`charter doctor` warns about a key that has made refresh tokens for longer than this"
    )
    recencies: Mapping[str, int] = _numbers("step_ups")
    """The greatest age of the last sign-in in seconds, by its name in `x-step-up`."""

    idempotency_hours: int = _field(
        parse.whole(1, 720), 24, "how long the response to a request with an Idempotency-Key is stored"
    )

    password_min: int = _field(parse.whole(8, 128), 15, "the shortest new password, in characters")
    password_max: int = _field(parse.whole(64, 256), 256, "the longest password, in characters")
    bcrypt_cost: int = _field(parse.whole(4, 16), 10, "the cost of bcrypt; below 10 only outside production")
    sign_in_unverified: bool = _field(
        parse.boolean, True, "whether people may sign in before their address is verified"
    )
    admin_email: str = _field(
        parse.mail_address, "admin@example.com", "the email address of the first admin", env="CHARTER_ADMIN_EMAIL"
    )
    admin_password: str = _field(
        parse.text, "", "the password of the first admin", env="CHARTER_ADMIN_PASSWORD", secret=True
    )

    buckets: Mapping[str, Bucket] = _numbers("rate_limits")
    """The rate limits, by their name in `x-rate-limit`."""
    limit_account_failures: int = _field(parse.whole(1, 1000), 5, "failed sign-ins of an account before a wait")
    limit_account_max_seconds: int = _field(parse.whole(1, 86_400), 900, "the longest wait after failed sign-ins")
    limit_known_address_days: int = _field(
        parse.whole(0, 365), 30, "a network from which the account signed in within this time has its own counter"
    )
    limit_client_failures: int = _field(
        parse.whole(1, 100_000), 30, "failed sign-ins from a client network in a time window"
    )
    limit_client_window_seconds: int = _field(parse.whole(1, 86_400), 300, "the length of that time window")

    lifetimes: Mapping[str, int] = _numbers("cache")
    """The lifetimes of cached responses in seconds, by their name in `x-cache`."""
    cache_replay_seconds: int = _field(parse.whole(1, 3600), 2, "how often invalidations that failed are tried again")
    statistics_seconds: int = _field(
        parse.whole(10, 86_400),
        300,
        "how often a worker settles hours of the activity statistics and merges counts",
    )
    statistics_settle_seconds: int = _field(
        parse.whole(60, 86_400), 900, "how long after its end an hour of the activity statistics is settled"
    )

    health_seconds: int = _field(
        parse.whole(1, 3600), 5, "how often a worker tests for /health whether the database and the cache accept writes"
    )
    slow_query_ms: int = _field(parse.whole(1, 60_000), 100, "a query that takes longer is logged as a warning")
    slow_request_ms: int = _field(parse.whole(1, 60_000), 500, "a request that takes longer is logged as a warning")
    log_level: str = _field(parse.choice("debug", "info", "warning", "error"), "info", "the lowest level to log")
    log_format: str = _field(
        parse.choice("auto", "json", "console"),
        "auto",
        "JSON lines or coloured text; auto: text in development",
    )
    metrics_token: str = _field(
        parse.secret,
        "",
        "the bearer token for /metrics, which is closed in production without it",
        secret=True,
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], numbers: PolicyNumbers | None = None) -> Self:
        """Read the configuration.

        Args:
            environ: variables; an empty one is ignored.
            numbers: what policies.yaml declares; None: that of this process.

        Raises:
            ConfigError: with every variable that is missing or wrong, or every fault of policies.yaml.
        """
        config, faults = cls.read(environ, numbers)
        if faults:
            raise ConfigError(faults)
        return config

    @classmethod
    def read(cls, environ: Mapping[str, str], numbers: PolicyNumbers | None = None) -> tuple[Self, list[ConfigFault]]:
        """Return the configuration and its faults; a variable that is wrong has its default.

        Args:
            environ, numbers: as in `from_environment`.

        Raises:
            ConfigError: with every fault of policies.yaml.
        """
        declared = numbers or declared_numbers.read()
        values: dict[str, Any] = {}
        faults = declared.taken({variable(item) for item in _plain_fields()})
        for item in fields(cls):
            if kind := item.metadata.get("kind"):
                values[item.name] = declared.values(kind, environ, faults)
                continue
            text = environ.get(variable(item), "").strip()
            if not text:
                continue
            try:
                values[item.name] = item.metadata["parser"](text)
            except ValueError as error:
                faults.append(value_fault(variable(item), text, str(error), secret=item.metadata["secret"]))
        config = cls(**values)
        wrong = {fault.variable for fault in faults}
        by_variable = {variable(item): getattr(config, item.name) for item in _plain_fields()}
        return config, faults + [fault for fault in contradictions(by_variable) if fault.variable not in wrong]

    @property
    def public_path(self) -> str:
        """The path of PUBLIC_URL, with which every absolute reference begins; empty if there is none."""
        return urlsplit(self.public_url).path

    @property
    def drain(self) -> int:
        """The seconds from the signal to stop until the port is closed: DRAIN_SECONDS, or the value of `auto`."""
        if isinstance(self.drain_seconds, int):
            return self.drain_seconds
        return AUTOMATIC_DRAIN_SECONDS if self.env == "production" else 0

    def __repr__(self) -> str:
        shown = {item.name: getattr(self, item.name) for item in fields(self)}
        shown |= {item.name: "***" for item in fields(self) if item.metadata["secret"] and shown[item.name]}
        return f"Config({', '.join(f'{name}={value!r}' for name, value in shown.items())})"


# HAProxy removes a server after three failed checks two seconds apart; one more second for the last response.
AUTOMATIC_DRAIN_SECONDS = 7


def variable(item: Field[Any]) -> str:
    """Return the name of the environment variable of a field of Config that has one of its own."""
    return item.metadata["env"] or item.name.upper()


def documented_variables(numbers: PolicyNumbers | None = None) -> list[tuple[str, str, str]]:
    """Return (variable, default, description) of every variable, in order, as docs/configuration.md has them."""
    declared = numbers or declared_numbers.read()
    listed = []
    for item in fields(Config):
        if kind := item.metadata.get("kind"):
            listed += [(one.variable, str(one.default), one.about) for one in declared.of(kind)]
        else:
            default = "" if item.default is MISSING else str(item.default)
            listed.append((variable(item), default, item.metadata["about"]))
    return listed


def _plain_fields() -> list[Field[Any]]:
    return [item for item in fields(Config) if "kind" not in item.metadata]
