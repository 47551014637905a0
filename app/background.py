"""What a worker does beside answering requests: chores, each again and again, and closing up at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.cache.store import CacheStore
from app.clock import database_now
from app.config import Config
from app.context.unanswered import Unanswered
from app.database import database_id
from app.database.jobs import Job
from app.gateway.connexion_apps import Lifetime
from app.gateway.executors import Executor
from app.observability.logging import log_failure
from app.services import activity, key_ring, user_counts
from app.services.clock_offset import ClockWatch
from app.services.health import Probes
from app.services.invalidations import replay
from app.services.maintenance import run_maintenance

_DAY_SECONDS = 86_400.0
_CLOCK_SECONDS = 60.0
_UNANSWERED_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class BackgroundTask:
    """Work that comes back. Every worker does it, so it must bear to be done by several at once.

    Attributes:
        do: blocks; what it raises is logged, and it is tried again next time.
        every_seconds: pause after each time; None: once, at the start.
        at_once: whether the first time is at the start too, rather than after a pause.
        name: in the lines that are logged for it.
        apart: whether it has a thread of its own, so that requests never hold it up.
    """

    do: Callable[[], object]
    every_seconds: float | None
    at_once: bool = True
    name: str | None = None
    apart: bool = False


def background_tasks(
    config: Config,
    clock: Callable[[], datetime],
    store: CacheStore,
    *,
    probes: Probes,
    unanswered: Unanswered,
    tell_clock_offset: Callable[[float], object] | None,
) -> tuple[BackgroundTask, ...]:
    """Return all there are.

    Args:
        clock: returns the aware present moment in UTC.
        store: the cache of values.
        probes: whose deeper looks are taken.
        unanswered: the rotations of this worker that are in doubt.
        tell_clock_offset: gets the seconds by which this machine's clock is ahead of the database's.
    """
    looks = [look for look in (probes.database_look, probes.cache_look) if look]
    linger = 2 * config.request_seconds
    return (
        BackgroundTask(database_id, None, name="identity"),
        BackgroundTask(lambda: _warn_of_lost_keys(config, database_now(clock)), None, name="lost_keys"),
        BackgroundTask(
            lambda: run_maintenance(config=config, now=database_now(clock)), _DAY_SECONDS, name="run_maintenance"
        ),
        BackgroundTask(
            lambda: replay(store=store, linger_seconds=linger), config.cache_replay_seconds, False, "cache_replay"
        ),
        BackgroundTask(user_counts.fold, config.statistics_seconds, name="user_counts"),
        BackgroundTask(
            lambda: activity.settle(settle_seconds=config.statistics_settle_seconds, now=clock()),
            config.statistics_seconds,
            name="activity",
        ),
        BackgroundTask(ClockWatch(tell_clock_offset).look, _CLOCK_SECONDS, name="clock_offset"),
        BackgroundTask(unanswered.keep_settling, _UNANSWERED_SECONDS, False, "unanswered_refreshes"),
        *(BackgroundTask(look.look, config.health_seconds, name="health", apart=True) for look in looks),
    )


def lifetime(
    work: Sequence[BackgroundTask], *, executor: Executor, apart: Executor, close: Sequence[Callable[[], object]]
) -> Lifetime:
    """Return what runs from the start of the server to its end.

    Args:
        executor: whose threads do the chores.
        apart: whose thread does those that are apart.
        close: called one after the other when the server ends.
    """

    async def keep_doing(chore: BackgroundTask) -> None:
        if chore.every_seconds and not chore.at_once:
            await asyncio.sleep(chore.every_seconds)
        while True:
            try:
                await (apart if chore.apart else executor).run(chore.do, Job("upkeep", chore.name))
            except Exception as error:  # noqa: BLE001 (tried again; the log has the trace)
                log_failure(error, request_id="upkeep", code="UPKEEP")
            if chore.every_seconds is None:
                return
            await asyncio.sleep(chore.every_seconds)

    @asynccontextmanager
    async def around(_: object) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(keep_doing(chore)) for chore in work]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            # On a thread: what is answered meanwhile still has to be sent.
            for end in close:
                await asyncio.to_thread(end)

    return around


def _warn_of_lost_keys(config: Config, now: datetime | None) -> None:
    """Log one warning when live sessions name a key that REFRESH_KEYS lacks: they cannot be refreshed."""
    lost = key_ring.lost(key_ring.uses(now).values(), config.refresh_keys)
    if lost:
        structlog.get_logger("charter").warning(
            "keys_lost",
            ids=[use.key_id for use in lost],
            sessions=sum(use.live for use in lost),
            fix="put them back at the end of REFRESH_KEYS, or these people sign in again",
        )
