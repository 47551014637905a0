"""What a command does before it uses the database: check the configuration and, in development, start servers.

With CHARTER_ENV=development (or test) no variable needs to be set: PostgreSQL, Valkey and secrets that are missing are
created under the state folder. In production everything must be set.
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

# Placeholders, so that every fault of the other variables is found before a server is started.
_PLACEHOLDERS = {"DATABASE_URL": "postgresql:///", "JWT_SECRET": "j" * 32, "REFRESH_KEYS": f"k1:{'r' * 32}"}


@contextmanager
def ready_config(overrides: Mapping[str, str] | None = None, *, cache: bool = False) -> Iterator[Config]:
    """Yield the checked configuration; embedded servers run until the end of the block.

    What is filled in is also set in the environment of this process, where worker processes read it.

    Args:
        overrides: variables that replace those of the environment, such as PORT.
        cache: whether the command needs Redis too.

    Raises:
        ConfigError: with every fault, before anything is started.
        CommandError, OSError: the state folder cannot be used, or an embedded server does not start.
    """
    environ = {**os.environ, **(overrides or {})}
    with ExitStack() as running:
        if is_local(environ):
            environ = {**environ, **_filled_in(_read(environ), _non_empty(environ), running, cache=cache)}
        config = Config.from_environment(environ)
        os.environ.update(environ)
        logging.configure(config)
        yield config


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the one folder that development writes to, as an absolute path.

    Raises:
        ConfigError: with every fault of the configuration.
    """
    return _read(environ).state_dir.resolve()


def is_local(environ: Mapping[str, str]) -> bool:
    """Tell whether this is development or a test, where servers and secrets that are missing are created."""
    return environ.get("CHARTER_ENV", "").strip() in ("development", "test")


def _read(environ: Mapping[str, str]) -> Config:
    """Return the configuration, with placeholders for what is filled in later."""
    return Config.from_environment({**_PLACEHOLDERS, **_non_empty(environ)})


def _non_empty(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that have a value: an empty one is ignored."""
    return {name: value for name, value in environ.items() if value.strip()}


def _filled_in(config: Config, variables: Mapping[str, str], running: ExitStack, *, cache: bool) -> dict[str, str]:
    """Start the servers and create the secrets that no variable names; return the variables that name them."""
    state = config.state_dir.resolve()
    filled = {"CHARTER_STATE": str(state)}
    if not variables.keys() >= set(SECRET_NAMES):
        filled |= {name: value for name, value in stored_secrets(state).items() if name not in variables}
    if not config.redis_url and cache:
        filled.update(_valkey(state, running))
    if "DATABASE_URL" not in variables:
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
