"""The deployment to check: the configuration, as far as it can be read, and in development its servers."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.cli.bootstrap import is_local, ready_config
from app.cli.doctor.findings import Verdict, failed, ok, warning
from app.cli.errors import CommandError
from app.cli.state import SECRET_NAMES
from app.config import Config, ConfigFault
from app.embedded import EmbeddedError
from app.embedded.server import DirectoryLock
from app.observability import logging
from app.pipeline.contract import Contract

MASK = "***"
_MIN_MASKED_LENGTH = 12
_NOT_CREATED = "nothing has been created yet"


@dataclass(slots=True)
class Deployment:
    """A deployment that the checks examine.

    Attributes:
        config: as far as it can be read; a wrong or missing variable has its default.
        faults: of the configuration.
        variables: the environment variables that are set.
        servers: verdicts on the servers of development.
        secrets_created_at: when development created its secrets; None where variables set them.
        contract: the document, once a check has read it.
        missing: why a need of a check cannot be met, by its name: database, tables, schema, cache, keys.
    """

    config: Config
    faults: list[ConfigFault]
    variables: Mapping[str, str]
    servers: list[Verdict] = field(default_factory=list)
    secrets_created_at: datetime | None = None
    contract: Contract | None = None
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def in_production(self) -> bool:
        """Whether the checks that only production needs run."""
        return self.config.env == "production"

    def is_wrong(self, variable: str) -> bool:
        """Return whether a variable is set and cannot be read."""
        return any(fault.variable == variable and " is missing" not in fault.message for fault in self.faults)

    def masked(self, text: str) -> str:
        """Return a text with every secret of the configuration masked, in case an error message repeats one.

        A short secret stays: it may be an ordinary word. The messages of the drivers are masked where they are created.
        """
        for secret in _secrets(self.config):
            text = text.replace(secret, MASK)
        return text


@contextmanager
def deployment(environ: Mapping[str, str]) -> Iterator[Deployment]:
    """Yield the deployment; servers of development that were started for the checks stop with the block.

    It creates nothing: before the first `make run` the checks see only the configuration.
    """
    variables = {name: value for name, value in environ.items() if value.strip()}
    with ExitStack() as running:
        local = is_local(variables)
        made = _local(variables, running) if local else Deployment(*Config.read(variables), variables)
        config = made.config
        logging.configure(config)
        for need, variable, value in (
            ("database", "DATABASE_URL", config.database_url),
            ("cache", "REDIS_URL", config.redis_url),
            ("keys", "REFRESH_KEYS", config.refresh_keys),
        ):
            if not value:
                made.missing.setdefault(need, f"{variable} is {'wrong' if made.is_wrong(variable) else 'not set'}")
        yield made


def _local(variables: Mapping[str, str], running: ExitStack) -> Deployment:
    """Return a deployment of development, where the state folder has what the variables leave out."""
    config, faults = Config.read(variables)
    state = config.state_dir.resolve()
    needs = ("DATABASE_URL", *SECRET_NAMES)
    absent = [name for name in needs if name not in variables]
    # The first run creates what the variables leave out: a missing variable is no fault.
    faults = [fault for fault in faults if fault.variable not in absent]
    local = Deployment(config, faults, variables)
    uncreated = [path for path in _places(state, absent) if not path.exists()]
    if faults or uncreated:
        why = _NOT_CREATED if uncreated else "the configuration is wrong"
        local.missing = dict.fromkeys(_needs_of(absent), why)
        if uncreated:
            names = ", ".join(map(str, uncreated))
            local.servers.append(warning(f"{_NOT_CREATED}: {names}", "make run"))
        return local
    alone = "DATABASE_URL" in absent and _is_free(state / "postgres.lock")
    try:
        local.config = running.enter_context(ready_config(cache=state.is_dir()))
    except (EmbeddedError, CommandError, OSError) as error:
        local.missing = dict.fromkeys(_needs_of(absent), "the servers of development did not start")
        text, _, fix = str(error).partition(": " if isinstance(error, CommandError) else "; ")
        local.servers.append(failed(text, fix or f"read the logs under {state}"))
        return local
    if "JWT_SECRET" in absent:
        local.secrets_created_at = datetime.fromtimestamp((state / "secrets").stat().st_mtime, UTC)
    if "DATABASE_URL" in absent:
        how = "started for this check, and stopped after it" if alone else "running"
        local.servers.append(ok(f"PostgreSQL and Valkey under {state}: {how}"))
    return local


def _places(state: Path, absent: list[str]) -> list[Path]:
    """Return the paths that must exist for the variables that are not set."""
    places = []
    if set(absent) & set(SECRET_NAMES):
        places.append(state / "secrets")
    if "DATABASE_URL" in absent:
        places.append(state / "postgres" / "data")
    return places


def _needs_of(absent: list[str]) -> list[str]:
    named = {"DATABASE_URL": ("database", "cache"), "REFRESH_KEYS": ("keys",)}
    return [need for name in absent for need in named.get(name, ())]


def _is_free(lock: Path) -> bool:
    ownership = DirectoryLock(lock)
    free = ownership.acquire()
    ownership.release()
    return free


def _secrets(config: Config) -> list[str]:
    secrets = [config.jwt_secret, config.jwt_secret_previous, config.admin_password, config.metrics_token]
    secrets += [secret for _, secret in config.refresh_keys]
    for url in (config.database_url, config.redis_url):
        password = urlsplit(url).password or ""
        secrets += [password, unquote(password)]
    return sorted((item for item in secrets if len(item) >= _MIN_MASKED_LENGTH), key=len, reverse=True)
