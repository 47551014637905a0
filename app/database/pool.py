"""The connection pool, and the one function that sends statements to the server. A thread has one connection.

Unlike Peewee's own pool, it connects and rolls back outside its lock, so a server that does not answer blocks only the
threads that use it. It also gives out no connection that the server has closed.
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
from peewee import Model, PostgresqlDatabase, QueryEvent
from psycopg2.extensions import TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN, register_adapter
from psycopg2.extensions import connection as DriverConnection
from psycopg2.extensions import cursor as DriverCursor

from app.database import jobs
from app.database.driver_errors import DeadlineExceeded, PoolTimeout, StatementTimeout, is_disconnect, translate
from app.database.parameters import connection_parameters
from app.database.thread_state import ThreadState
from app.database.watchdog import PooledConnection, Watchdog

Parameters = Sequence[Any] | Mapping[str, Any]

# Older connections are replaced, so that the pool follows a failover or a change of address.
_MAX_CONNECTION_SECONDS = 1800.0
# The minimum time of a command, however late it is: a COMMIT that was sent in time has its full time limit.
_MIN_SECONDS = {"COMMIT": math.inf, "ROLLBACK": 1.0}

psycopg2.extras.register_uuid()
register_adapter(dict, lambda value: psycopg2.extras.Json(value, dumps=lambda v: json.dumps(v, ensure_ascii=False)))


class Database(PostgresqlDatabase):
    """PostgreSQL behind a pool of at most `size` connections.

    Args:
        url: postgresql:// URL or libpq keywords; every libpq parameter in it is kept.
        size: maximum number of open connections.
        connect_seconds: how long to try to connect to the server.
        wait_seconds: how long to wait until another thread returns a connection.
        statement_seconds: time limit of a statement; None: no limit.
        slow_ms: a statement that takes at least so many milliseconds is reported to `on_slow_query`.
        on_slow_query: called with the SQL, which holds no values, and the milliseconds it took.
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
        on_slow_query: Callable[[str, float], object] | None = None,
    ) -> None:
        self._parameters = connection_parameters(url, connect_seconds=connect_seconds)
        super().__init__(self._parameters.get("dbname", "postgres"))
        self.url = url
        self.size = size
        self.on_slow_query = on_slow_query
        self.identity = ""
        self.project_models: tuple[type[Model], ...] = ()
        self._wait_seconds = wait_seconds
        self._statement_seconds = statement_seconds
        self._slow_seconds = slow_ms / 1000
        self._state = ThreadState()
        self._clear()

    def _clear(self) -> None:
        self._free = threading.Condition(threading.Lock())
        self._idle: deque[PooledConnection] = deque()
        self._watchdog = Watchdog(self._statement_seconds)
        self._open = 0
        self._generation_began = time.monotonic()

    @property
    def state(self) -> ThreadState:
        """The state of the calling thread."""
        return self._state

    # The pool.

    def connect(self, reuse_if_open: bool = False) -> bool:
        """Check a connection out for this thread.

        Raises:
            Unavailable: the server cannot be reached, or no connection became free in time.
        """
        state = self._state
        if not state.closed:
            return False
        try:
            conn = self._check_out()
        except (psycopg2.Error, PoolTimeout) as error:
            raise translate(error) from error
        state.conn, state.closed = conn, False
        return True

    def close(self) -> bool:
        """Return the connection of this thread to the pool; close it if it is lost or its state is unknown."""
        state = self._state
        if state.closed:
            return False
        conn, state.conn, state.closed = state.conn, None, True
        del state.transactions[:]
        self._check_in(conn)
        return True

    def discard(self) -> None:
        """Close the connection of this thread, and all idle ones that the server has closed."""
        state = self._state
        if not state.closed:
            conn, state.conn, state.closed = state.conn, None, True
            self._close_connection(conn)
        with self._free:
            dead = [conn for conn in self._idle if conn.is_closed_by_server()]
            for conn in dead:
                self._idle.remove(conn)
        for conn in dead:
            self._close_connection(conn)

    def connect_outside_pool(self) -> DriverConnection:
        """Return a connection outside the pool, in autocommit; the caller closes it."""
        return self._open_connection(self._parameters)

    def _open_connection(self, parameters: dict[str, Any]) -> PooledConnection:
        conn: PooledConnection = psycopg2.connect(**parameters, connection_factory=PooledConnection)
        conn.autocommit = True
        if self.server_version is None:
            self.server_version = conn.server_version
        return conn

    def reset(self) -> None:
        """Close every idle connection now, and those in use as soon as they are returned."""
        with self._free:
            idle, self._idle = list(self._idle), deque()
            self._generation_began = time.monotonic()
        for conn in idle:
            self._close_connection(conn)

    def dispose(self) -> None:
        """Forget all connections without closing them: they belong to the parent process."""
        self._state = ThreadState()
        self._clear()

    def _check_out(self) -> PooledConnection:
        latest = min(self._state.deadline or math.inf, jobs.statement_deadline())
        deadline = min(time.monotonic() + self._wait_seconds, latest)
        while True:
            with self._free:
                while not self._idle and self._open >= self.size:
                    if not self._free.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                        raise PoolTimeout(f"All {self.size} connections are in use.")
                if not self._idle:
                    self._open += 1
                    break
                conn = self._idle.pop()
            if self._is_usable(conn):
                return conn
            self._close_connection(conn)
        try:
            return self._open_connection(self._parameters if latest == math.inf else self._parameters_until(latest))
        except BaseException:
            self._free_slot()
            raise

    def _parameters_until(self, deadline: float) -> dict[str, Any]:
        left = math.ceil(deadline - time.monotonic())
        if left <= 0:
            raise DeadlineExceeded("There is no time left to connect.")
        # libpq takes an empty value and 0 for no limit.
        usual = int(self._parameters["connect_timeout"] or 0)
        return {**self._parameters, "connect_timeout": str(min(left, usual) if usual > 0 else left)}

    def _check_in(self, conn: PooledConnection) -> None:
        try:
            status = conn.get_transaction_status()
            if status not in (TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN):
                self._send(conn, "ROLLBACK")
                status = conn.get_transaction_status()
        except psycopg2.Error:
            status = TRANSACTION_STATUS_UNKNOWN
        if conn.closed or status != TRANSACTION_STATUS_IDLE or conn.created_at < self._generation_began:
            self._close_connection(conn)
            return
        with self._free:
            self._idle.append(conn)
            self._free.notify()

    def _is_usable(self, conn: PooledConnection) -> bool:
        return time.monotonic() - conn.created_at < _MAX_CONNECTION_SECONDS and not conn.is_closed_by_server()

    def _close_connection(self, conn: PooledConnection) -> None:
        self._free_slot()
        with contextlib.suppress(psycopg2.Error):
            conn.close()

    def _free_slot(self) -> None:
        with self._free:
            self._open -= 1
            self._free.notify()

    # Statements.

    def _execute_cursor(self, sql: str, params: Parameters | None, **options: Any) -> DriverCursor:
        """Run one statement on the connection of this thread; Peewee's queries and ours both use this method.

        Raises:
            Unavailable: the connection was lost, the server is unavailable, or the deadline of the job has passed.
            peewee.DatabaseError: the statement is wrong; its subclasses as in Peewee.
        """
        state = self._state
        if state.closed:
            if state.transactions:
                raise translate(psycopg2.OperationalError("The transaction was lost with its connection."))
            self.connect()
        jobs.check()
        state.queries += 1
        conn = state.conn
        began = time.perf_counter()
        try:
            cursor = self._send(conn, sql, params)
        except psycopg2.Error as error:
            if self.query_hooks:
                self._call_query_hooks(sql, params, began, error)
            if is_disconnect(error, conn):
                self.discard()
            raise translate(error) from error
        took = time.perf_counter() - began
        if took >= self._slow_seconds and self.on_slow_query is not None:
            self.on_slow_query(sql, took * 1000)
        if self.query_hooks:
            self._call_query_hooks(sql, params, began, None)
        return cursor

    def _call_query_hooks(self, sql: str, params: Parameters | None, began: float, error: Exception | None) -> None:
        event = QueryEvent(sql, params, time.perf_counter() - began, error)
        for hook in self.query_hooks:
            hook(event)

    def rollback(self) -> None:
        """Roll back for Peewee's own atomic(); a lost connection has been rolled back already."""
        if not self._state.closed:
            super().rollback()

    def send_command(self, command: str) -> str:
        """Send BEGIN, COMMIT or ROLLBACK on the connection of this thread, and return the server's status message.

        Raises:
            psycopg2.Error: the error of the driver, since only the caller knows what a lost connection means here.
        """
        return str(self._send(self._state.conn, command).statusmessage)

    def _send(self, conn: PooledConnection, sql: str, params: Parameters | None = None) -> DriverCursor:
        """Send one statement and wait for the result, within its time limit.

        Raises:
            StatementTimeout: the time limit has passed, and the connection cannot be used any more.
            psycopg2.Error: any other error of the driver.
        """
        watchdog = self._watchdog
        deadline, of_job = jobs.effective_deadline(
            self._state.deadline, self._statement_seconds, _MIN_SECONDS.get(sql, 0.0)
        )
        cursor: DriverCursor = conn.cursor()
        cause: psycopg2.Error | None = None
        in_time = True
        number = watchdog.begin(conn, deadline)
        try:
            cursor.execute(sql, params or None)
        except psycopg2.Error as error:
            cause = error
        finally:
            in_time = watchdog.end(number)
        if not in_time:
            if deadline is None:  # the idle connections lead to the same server: each would wait as long
                self.reset()
            kind = DeadlineExceeded if of_job else StatementTimeout
            raise kind("The server did not answer a statement in time.") from cause
        if cause is not None:
            raise cause
        return cursor
