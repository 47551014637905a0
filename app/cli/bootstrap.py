"""What stands before any command touches the database: checked settings and, in development, servers of our own.

With CHARTER_ENV=development (or test) nothing needs to be set: what is missing of PostgreSQL, Valkey and secrets is
made under the state folder. In production everything must be set.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click

from app.cli.state import SECRET_NAMES, stored_secrets
from app.config import Config
from app.embedded import start_postgres, start_valkey
from app.observability import logging

# Stand-ins that let every fault of the other settings come to light before a server is started.
_TO_COME = {"DATABASE_URL": "postgresql:///", "JWT_SECRET": "j" * 32, "REFRESH_KEYS": f"k1:{'r' * 32}"}


@contextmanager
def ready_config(overrides: Mapping[str, str] | None = None, *, cache: bool = False) -> Iterator[Config]:
    """Give checked settings, and let embedded servers live as long as the block.

    The environment of this process gets what was filled in, for worker processes to read.

    Args:
        overrides: variables that go before those of the environment, such as PORT.
        cache: whether the command needs Redis too.

    Raises:
        ConfigError: with every fault, before anything is started.
        Refusal, OSError: the state folder cannot be used, or an embedded server does not start.
    """
    environ = {**os.environ, **(overrides or {})}
    with ExitStack() as running:
        if is_local(environ):
            wished = _wished(environ)
            environ = {**environ, **_filled_in(wished, _given(environ), running, cache=cache)}
        config = Config.from_environment(environ)
        os.environ.update(environ)
        logging.configure(config)
        yield config


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the one folder that development writes to, as a whole path.

    Raises:
        ConfigError: with every fault of the settings.
    """
    return _wished(environ).state_dir.resolve()


def is_local(environ: Mapping[str, str]) -> bool:
    """Say whether this is development or a test, where what is missing is made."""
    return environ.get("CHARTER_ENV", "").strip() in ("development", "test")


def _wished(environ: Mapping[str, str]) -> Config:
    return Config.from_environment({**_TO_COME, **_given(environ)})


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that say something: an empty one counts as absent."""
    return {name: value for name, value in environ.items() if value.strip()}


def _filled_in(wished: Config, given: Mapping[str, str], running: ExitStack, *, cache: bool) -> dict[str, str]:
    """Start the servers and make the secrets that are not given; return the variables that name them."""
    state = wished.state_dir.resolve()
    filled = {"CHARTER_STATE": str(state)}
    if not given.keys() >= set(SECRET_NAMES):
        filled |= {name: value for name, value in stored_secrets(state).items() if name not in given}
    if not wished.redis_url and cache:
        filled.update(_valkey(state, running))
    if "DATABASE_URL" not in given:
        postgres = start_postgres(state)
        running.callback(postgres.stop)
        filled["DATABASE_URL"] = postgres.url
    return filled


def _valkey(state: Path, running: ExitStack) -> dict[str, str]:
    valkey = start_valkey(state)
    if valkey is None:
        click.echo(
            "charter: no Valkey for this platform and no redis-server on the PATH: running without a cache; "
            "set REDIS_URL to have one",
            err=True,
        )
        return {}
    running.callback(valkey.stop)
    return {"REDIS_URL": valkey.url}
