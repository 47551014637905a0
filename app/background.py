"""What a worker does besides requests: background tasks, each at its interval, and closing at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.cache.store import CacheStore
from app.clock import test_now
from app.config import Config
from app.context.chores import Chore
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.context.unanswered_rotations import UnansweredRotations
from app.database import database_id
from app.database.jobs import BACKGROUND, Job, RepeatedJob
from app.gateway.asgi import Lifespan
from app.gateway.executors import Executor
from app.observability.logging import log_failure
from app.services import activity_statistics, key_ring, user_statistics
from app.services.chores import run_if_due
from app.services.clock_offset import ClockWatch
from app.services.health import Probes
from app.services.invalidations import invalidate_pending
from app.services.maintenance import run_maintenance

_DAY_SECONDS = 86_400.0
_CLOCK_SECONDS = 60.0
_UNANSWERED_SECONDS = 1.0
# A chore begins at most this much later than it is due.
_CHORE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class BackgroundTask:
    """Work that is done repeatedly. Every worker does it, so several may do it at the same time.

    Attributes:
        name: in the log lines about it.
        run: blocks; an exception is logged, and the task runs again at its next time.
        every_seconds: the pause after each run; None: it runs once, at the start.
        at_start: whether the first run is at the start too, rather than after a pause.
        own_thread: whether it runs on a thread of its own, so that requests never delay it.
    """

    name: str
    run: Callable[[], object]
    every_seconds: float | None
    at_start: bool = True
    own_thread: bool = False


def background_tasks(
    config: Config,
    clock: Callable[[], datetime],
    cache: CacheStore,
    *,
    probes: Probes,
    unanswered_rotations: UnansweredRotations,
    set_clock_offset: Callable[[float], object],
) -> tuple[BackgroundTask, ...]:
    """Return all background tasks.

    Args:
        clock: returns the aware present moment in UTC.
        cache: the cache of values.
        probes: whose background checks are run.
        unanswered_rotations: the rotations of this worker whose outcome is unknown.
        set_clock_offset: gets the seconds by which this machine's clock is ahead of the database's.
    """
    checks = [check for check in (probes.database_check, probes.cache_check) if check]
    linger = 2 * config.request_seconds
    return (
        BackgroundTask("identity", database_id, None),
        BackgroundTask("lost_keys", lambda: _warn_of_lost_keys(config, test_now(clock)), None),
        BackgroundTask("run_maintenance", lambda: run_maintenance(config=config, now=test_now(clock)), _DAY_SECONDS),
        BackgroundTask(
            "cache_replay",
            lambda: invalidate_pending(cache=cache, linger_seconds=linger),
            config.cache_replay_seconds,
            at_start=False,
        ),
        BackgroundTask("user_counts", user_statistics.merge, config.statistics_seconds),
        BackgroundTask(
            "activity",
            lambda: activity_statistics.aggregate_hours(settle_seconds=config.statistics_settle_seconds, now=clock()),
            config.statistics_seconds,
        ),
        BackgroundTask("clock_offset", ClockWatch(set_clock_offset).check, _CLOCK_SECONDS),
        BackgroundTask("unanswered_refreshes", unanswered_rotations.try_to_record, _UNANSWERED_SECONDS, at_start=False),
        *(BackgroundTask("health", check.run, config.health_seconds, own_thread=True) for check in checks),
    )


class Chores:
    """The chores of a project, on threads of their own.

    Args:
        chores: without any, nothing is started.
        count: gets the name of a chore and `succeeded` or `failed` after each run.
    """

    def __init__(
        self, chores: Sequence[Chore], dependencies: Dependencies, count: Callable[[str, str], object]
    ) -> None:
        self._chores = chores
        self._dependencies = dependencies
        self._count = count
        commit_seconds = dependencies.config.database_statement_seconds
        self.executor = Executor("chore", threads=len(chores), queue=len(chores), commit_seconds=commit_seconds)

    def start(self) -> list[asyncio.Task[None]]:
        """Start to run each chore whenever it is due."""
        return [asyncio.create_task(self._keep_running(chore)) for chore in self._chores]

    async def _keep_running(self, chore: Chore) -> None:
        """Run a chore whenever it is due and no other process runs it."""
        pause = min(chore.every.total_seconds(), _CHORE_SECONDS)
        while True:
            job = RepeatedJob("chore", chore.name, seconds=chore.limit.total_seconds())
            try:
                if await self.executor.run(lambda: run_if_due(chore, Context(self._dependencies)), job):
                    self._count(chore.name, "succeeded")
            except Exception as error:  # noqa: BLE001 (it runs again; the log has the trace)
                self._count(chore.name, "failed")
                log_failure(error, request_id="chore", code="CHORE", reason=chore.name)
            await asyncio.sleep(pause)


def build_lifespan(
    tasks: Sequence[BackgroundTask],
    *,
    executor: Executor,
    own_executor: Executor,
    chores: Chores,
    close: Sequence[Callable[[], object]],
) -> Lifespan:
    """Return the server's lifespan: it runs the background tasks from start to end, and then closes everything.

    Args:
        executor: runs the tasks on the threads of requests.
        own_executor: runs those that need a thread of their own.
        chores: what a project does at intervals.
        close: called one after the other when the server ends.
    """

    async def keep_running(task: BackgroundTask) -> None:
        if task.every_seconds and not task.at_start:
            await asyncio.sleep(task.every_seconds)
        while True:
            try:
                await (own_executor if task.own_thread else executor).run(task.run, Job(BACKGROUND, task.name))
            except Exception as error:  # noqa: BLE001 (it runs again; the log has the trace)
                log_failure(error, request_id=BACKGROUND, code="MAINTENANCE")
            if task.every_seconds is None:
                return
            await asyncio.sleep(task.every_seconds)

    @asynccontextmanager
    async def lifespan(_: object) -> AsyncIterator[None]:
        running = [*(asyncio.create_task(keep_running(task)) for task in tasks), *chores.start()]
        try:
            yield
        finally:
            for each in running:
                each.cancel()
            # On a thread, so that responses can still be sent meanwhile.
            for end in close:
                await asyncio.to_thread(end)

    return lifespan


def _warn_of_lost_keys(config: Config, now: datetime | None) -> None:
    """Log one warning if live sessions name a key that REFRESH_KEYS lacks: these sessions cannot be refreshed."""
    lost = key_ring.missing(key_ring.uses(now).values(), config.refresh_keys)
    if lost:
        structlog.get_logger("charter").warning(
            "keys_lost",
            ids=[use.key_id for use in lost],
            sessions=sum(use.live for use in lost),
            fix="put them back at the end of REFRESH_KEYS, or these people sign in again",
        )
