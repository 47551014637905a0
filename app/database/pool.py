"""The pool of connections, one checked out by a thread at a time, and every statement's way to the server.

Unlike Peewee's own pool it connects and rolls back outside its lock, so that a server that does not answer holds up
nobody but who asks it, and hands out no connection that the server has closed.
"""

import contextlib
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import psycopg2
import psycopg2.extras
from peewee import PostgresqlDatabase, QueryEvent, _ConnectionLocal
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN, register_adapter
from psycopg2.extensions import connection as DriverConnection
from psycopg2.extensions import cursor as DriverCursor

from app.database import jobs
from app.database.faults import Late, Overdue, PoolExhausted, is_broken, translated
from app.database.parameters import connection_parameters
from app.database.watch import Link, Watch

Parameters = Sequence[Any] | Mapping[str, Any]

# Older connections are replaced, so that the pool follows a failover or a change of address.
_LONGEST_LIFE_SECONDS = 1800.0
# What a command gets at least, however late it is: a COMMIT that was sent in time has its full bound.
_LATE = {"COMMIT": math.inf, "ROLLBACK": 1.0}

psycopg2.extras.register_uuid()
register_adapter(dict, lambda value: psycopg2.extras.Json(value, dumps=lambda v: json.dumps(v, ensure_ascii=False)))


class ThreadState(_ConnectionLocal):
    """What one thread is doing with the database; `conn` and `transactions` are shared with Peewee."""

    def __init__(self) -> None:
        super().__init__()
        self.depth = 0
        self.spoilt = False
        self.unit: Any = None
        self.after: list[Callable[[], object]] = []
        self.undone: list[Callable[[], object]] = []
        self.in_doubt: list[Callable[[], object]] = []
        self.queries = 0
        self.deadline: float | None = None


class Database(PostgresqlDatabase):
    """PostgreSQL behind a pool of at most `size` connections.

    Args:
        url: postgresql:// URL or libpq keywords; every libpq parameter in it is kept.
        size: most connections open at once.
        connect_seconds: how long to try for a connection with the server.
        wait_seconds: how long to wait for another thread to return one.
        statement_seconds: how long to wait for the answer to a statement; None waits as long as it takes.
        slow_ms: from how many milliseconds on a statement is reported to `slow`.
        slow: called with the SQL, which holds no values, and the milliseconds it took.
    """

    def __init__(
        self,
        url: str,
        *,
        size: int,
        connect_seconds: float = 3,
        wait_seconds: float = 3,
        statement_seconds: float | None = None,
        slow_ms: float = 100,
        slow: Callable[[str, float], object] | None = None,
    ) -> None:
        self._parameters = connection_parameters(url, connect_seconds=connect_seconds)
        super().__init__(self._parameters.get("dbname", "postgres"))
        self.url = url
        self.size = size
        self.slow = slow
        self.identity = ""
        self._wait_seconds = wait_seconds
        self._statement_seconds = statement_seconds
        self._slow_seconds = slow_ms / 1000
        self._state = ThreadState()
        self._forget()

    def _forget(self) -> None:
        self._free = threading.Condition(threading.Lock())
        self._idle: deque[Link] = deque()
        self._watch = Watch(self._statement_seconds)
        self._open = 0
        self._generation_began = time.monotonic()

    @property
    def state(self) -> ThreadState:
        """What the calling thread is doing."""
        return self._state

    # The pool.

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Check a connection out for this thread.

        Raises:
            Unavailable: the server cannot be reached, or no connection came free in time.
        """
        state = self._state
        if not state.closed:
            return False
        try:
            conn = self._take()
        except (psycopg2.Error, PoolExhausted) as error:
            raise translated(error) from error
        state.conn, state.closed = conn, False
        return True

    def close(self) -> bool:
        """Check this thread's connection in; one that is lost or in doubt is closed instead."""
        state = self._state
        if state.closed:
            return False
        conn, state.conn, state.closed = state.conn, None, True
        del state.transactions[:]
        self._give_back(conn)
        return True

    def discard(self) -> None:
        """Close this thread's connection, and whatever else the server has closed meanwhile."""
        state = self._state
        if not state.closed:
            conn, state.conn, state.closed = state.conn, None, True
            self._drop(conn)
        with self._free:
            dead = [conn for conn in self._idle if conn.is_dead()]
            for conn in dead:
                self._idle.remove(conn)
        for conn in dead:
            self._drop(conn)

    def connect_apart(self) -> DriverConnection:
        """Return a connection outside the pool, in autocommit; the caller closes it."""
        return self._open_link(self._parameters)

    def _open_link(self, parameters: dict[str, Any]) -> Link:
        conn: Link = psycopg2.connect(**parameters, connection_factory=Link)
        conn.autocommit = True
        if self.server_version is None:
            self.server_version = conn.server_version
        return conn

    def reset(self) -> None:
        """Close every idle connection, and those in use as soon as they are checked in."""
        with self._free:
            idle, self._idle = list(self._idle), deque()
            self._generation_began = time.monotonic()
        for conn in idle:
            self._drop(conn)

    def dispose(self) -> None:
        """Forget every connection without a word to the server: they belong to the process we were forked from."""
        self._state = ThreadState()
        self._forget()

    def _take(self) -> Link:
        latest = min(self._state.deadline or math.inf, jobs.latest_moment())
        deadline = min(time.monotonic() + self._wait_seconds, latest)
        while True:
            with self._free:
                while not self._idle and self._open >= self.size:
                    if not self._free.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                        raise PoolExhausted(f"all {self.size} connections are in use")
                if not self._idle:
                    self._open += 1
                    break
                conn = self._idle.pop()
            if self._is_usable(conn):
                return conn
            self._drop(conn)
        try:
            return self._open_link(self._parameters if latest == math.inf else self._hurried(latest))
        except BaseException:
            self._release()
            raise

    def _hurried(self, deadline: float) -> dict[str, Any]:
        left = math.ceil(deadline - time.monotonic())
        if left <= 0:
            raise Late("no time was left to connect")
        # Nothing and 0 mean no bound to libpq.
        usual = int(self._parameters["connect_timeout"] or 0)
        return {**self._parameters, "connect_timeout": str(min(left, usual) if usual > 0 else left)}

    def _give_back(self, conn: Link) -> None:
        try:
            status = conn.get_transaction_status()
            if status not in (TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN):
                self._send(conn, "ROLLBACK")
                status = conn.get_transaction_status()
        except psycopg2.Error:
            status = TRANSACTION_STATUS_UNKNOWN
        if conn.closed or status != TRANSACTION_STATUS_IDLE or conn.born < self._generation_began:
            self._drop(conn)
            return
        with self._free:
            self._idle.append(conn)
            self._free.notify()

    def _is_usable(self, conn: Link) -> bool:
        return time.monotonic() - conn.born < _LONGEST_LIFE_SECONDS and not conn.is_dead()

    def _drop(self, conn: Link) -> None:
        self._release()
        with contextlib.suppress(psycopg2.Error):
            conn.close()

    def _release(self) -> None:
        with self._free:
            self._open -= 1
            self._free.notify()

    # Statements.

    def _execute_cursor(self, sql: str, params: Parameters | None, **options: Any) -> DriverCursor:
        """Run one statement on this thread's connection: Peewee's queries and ours both come through here.

        Raises:
            Unavailable: the connection was lost, the server cannot work now, or the job's deadline has passed.
            peewee.DatabaseError: the statement is wrong; its subclasses as in Peewee.
        """
        state = self._state
        if state.closed:
            if state.transactions:
                raise translated(psycopg2.OperationalError("the transaction was lost with its connection"))
            self.connect()
        jobs.check()
        state.queries += 1
        conn = state.conn
        began = time.perf_counter()
        try:
            cursor = self._send(conn, sql, params)
        except psycopg2.Error as error:
            if self.query_hooks:
                self._tell_hooks(sql, params, began, error)
            if is_broken(error, conn):
                self.discard()
            raise translated(error) from error
        took = time.perf_counter() - began
        if took >= self._slow_seconds and self.slow is not None:
            self.slow(sql, took * 1000)
        if self.query_hooks:
            self._tell_hooks(sql, params, began, None)
        return cursor

    def _tell_hooks(self, sql: str, params: Parameters | None, began: float, error: Exception | None) -> None:
        event = QueryEvent(sql, params, time.perf_counter() - began, error)
        for hook in self.query_hooks:
            hook(event)

    def rollback(self) -> None:
        """Roll back for Peewee's own atomic(); a lost connection has done so by itself."""
        if not self._state.closed:
            super().rollback()

    def control(self, command: str) -> str:
        """Send BEGIN, COMMIT or ROLLBACK on this thread's connection; return the server's word for what it did.

        Raises:
            psycopg2.Error: the driver's own, since the caller knows what a loss here means.
        """
        return str(self._send(self._state.conn, command).statusmessage)

    def _send(self, conn: Link, sql: str, params: Parameters | None = None) -> DriverCursor:
        """Send one statement and wait for the answer, no longer than its bound.

        Raises:
            Overdue: the bound has passed, and the connection is of no more use.
            psycopg2.Error: as the driver.
        """
        watch = self._watch
        deadline, hurried = jobs.bounded(self._state.deadline, self._statement_seconds, _LATE.get(sql, 0.0))
        cursor: DriverCursor = conn.cursor()
        cause: psycopg2.Error | None = None
        in_time = True
        number = watch.begin(conn, deadline)
        try:
            cursor.execute(sql, params or None)
        except psycopg2.Error as error:
            cause = error
        finally:
            in_time = watch.end(number)
        if not in_time:
            if deadline is None:  # the idle ones lead to the same server, and would each take as long to find out
                self.reset()
            raise (Late if hurried else Overdue)("no answer to a statement in time") from cause
        if cause is not None:
            raise cause
        return cursor
