"""What is examined: the settings as far as they can be read and, in development, the servers they lead to."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from app.cli.bootstrap import is_local, ready_config
from app.cli.doctor.findings import Verdict, failed, ok, warning
from app.cli.refusals import Refusal
from app.cli.state import SECRET_NAMES
from app.config import Config, ConfigFault
from app.embedded import EmbeddedError
from app.embedded.server import DirectoryLock
from app.observability import logging
from app.pipeline.contract import Contract

MASK = "***"
_SHORTEST_MASKED = 12
_NOT_MADE = "nothing has been made yet"


@dataclass(slots=True)
class Deployment:
    """A deployment under examination.

    Attributes:
        settings: as far as they can be read; what is wrong or missing has its default.
        faults: of the configuration.
        given: the variables that say something.
        servers: what is to be said of the servers of development.
        made_at: when development made its secrets; None where they were given.
        contract: what the document says, once it has been read.
        missing: why a need of a check cannot be met, by its name: database, tables, schema, cache, keys.
    """

    config: Config
    faults: list[ConfigFault]
    given: Mapping[str, str]
    servers: list[Verdict] = field(default_factory=list)
    made_at: datetime | None = None
    contract: Contract | None = None
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def in_production(self) -> bool:
        """Whether what only production needs is looked at."""
        return self.config.env == "production"

    def is_wrong(self, variable: str) -> bool:
        """Say whether a variable was given and cannot be read."""
        return any(fault.variable == variable and " is missing" not in fault.message for fault in self.faults)

    def masked(self, text: str) -> str:
        """Return a text without any secret of the settings, should an error message have repeated one.

        A short one is left: it may be a word of ours, and the messages of the drivers are masked where they are made.
        """
        for secret in _secrets(self.config):
            text = text.replace(secret, MASK)
        return text


@contextmanager
def deployment(environ: Mapping[str, str]) -> Iterator[Deployment]:
    """Give what is to be examined; servers of development that were started for it stop with the block.

    Nothing is made: before the first `make run` there is nothing but the settings to look at.
    """
    given = {name: value for name, value in environ.items() if value.strip()}
    with ExitStack() as running:
        found = _local(given, running) if is_local(given) else Deployment(*Config.read(given), given)
        config = found.config
        logging.configure(config)
        for need, variable, value in (
            ("database", "DATABASE_URL", config.database_url),
            ("cache", "REDIS_URL", config.redis_url),
            ("keys", "REFRESH_KEYS", config.refresh_keys),
        ):
            if not value:
                found.missing.setdefault(need, f"{variable} is {'wrong' if found.is_wrong(variable) else 'not set'}")
        yield found


def _local(given: Mapping[str, str], running: ExitStack) -> Deployment:
    """Return a deployment of development, where what is not given lies under the state folder."""
    config, faults = Config.read(given)
    state = config.state_dir.resolve()
    needs = ("DATABASE_URL", *SECRET_NAMES)
    absent = [name for name in needs if name not in given]
    # What is not given is made by the first run: its absence is no fault.
    faults = [fault for fault in faults if fault.variable not in absent]
    found = Deployment(config, faults, given)
    unmade = [what for what in _places(state, absent) if not what.exists()]
    if faults or unmade:
        why = _NOT_MADE if unmade else "the settings are wrong"
        found.missing = dict.fromkeys(_needs_of(absent), why)
        if unmade:
            names = ", ".join(map(str, unmade))
            found.servers.append(warning(f"{_NOT_MADE}: {names}", "make run"))
        return found
    alone = "DATABASE_URL" in absent and _is_free(state / "postgres.lock")
    try:
        found.config = running.enter_context(ready_config(cache=state.is_dir()))
    except (EmbeddedError, Refusal, OSError) as error:
        found.missing = dict.fromkeys(_needs_of(absent), "the servers of development did not start")
        text, _, fix = str(error).partition("; ")
        found.servers.append(failed(text, fix or f"look at the logs under {state}"))
        return found
    if "JWT_SECRET" in absent:
        found.made_at = datetime.fromtimestamp((state / "secrets").stat().st_mtime, UTC)
    if "DATABASE_URL" in absent:
        how = "started for this look, and stopped after it" if alone else "running"
        found.servers.append(ok(f"PostgreSQL and Valkey under {state}: {how}"))
    return found


def _places(state: Path, absent: list[str]) -> list[Path]:
    """Return what must be there for what is not given."""
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
    found = [config.jwt_secret, config.jwt_secret_previous, config.admin_password, config.metrics_token]
    found += [secret for _, secret in config.refresh_keys]
    for url in (config.database_url, config.redis_url):
        password = urlsplit(url).password or ""
        found += [password, unquote(password)]
    return sorted((item for item in found if len(item) >= _SHORTEST_MASKED), key=len, reverse=True)
