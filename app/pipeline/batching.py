"""Batches: requests that come at the same time share their round trips to Redis and PostgreSQL.

A request on its way through the steps of its operation is a generator (`app.pipeline.compile`). At a batched step it
yields what the round trip needs of it, and goes on with the result. So several requests can be taken to the last of
these steps, and each round trip is made once for all of them. What a request may do, and what it is told, does not
depend on the others: each has a result of its own, which may be an error.
"""

from collections.abc import Callable, Generator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, NamedTuple

from app.database import jobs, take_query_count
from app.database.jobs import Job
from app.errors import AppError
from app.exits import as_error
from app.pipeline.request_context import RequestContext
from app.pipeline.response import Response

RoundTrip = Callable[[Sequence[Any]], Sequence[Any]]
"""Makes one round trip for some requests, and returns a result for each: a value, or an Exception for that one alone.
What it raises is raised in all of them."""


class BatchItem(NamedTuple):
    """What a round trip needs of one request.

    Attributes:
        is_last: whether what follows is the request's own work, which is not batched.
    """

    round_trip: RoundTrip
    value: Any
    is_last: bool


Run = Generator[BatchItem, Any, Response]
"""A request on its way: it yields an item at each batched step, is sent the result, and returns the response."""


@dataclass(frozen=True, slots=True)
class BatchedStep:
    """A step that makes a round trip, for one request or for several at once.

    Attributes:
        prepare: returns what the round trip needs of a request, or raises.
        finish: does the rest of the step with the result, and returns the response if that was all.
    """

    prepare: Callable[[RequestContext], Any]
    round_trip: RoundTrip
    finish: Callable[[RequestContext, Any], Response | None]


def run_alone(run: Run) -> Response:
    """Take one request to its response, or raise what it raised."""
    return _to_the_end(run, lambda: next(run))


class BatchedWork:
    """The work of one request of a batch; to call it does what is left after the batched steps.

    Args:
        run: not yet begun.
        job: has the deadline of the request.

    Attributes:
        item: what the next round trip needs of it; None: there is no more.
    """

    __slots__ = ("_context", "_error", "_queries", "_response", "_result", "_run", "item", "job")

    def __init__(self, run: Run, context: RequestContext, job: Job) -> None:
        self._run = run
        self._context = context
        self.job = job
        self.item: BatchItem | None = None
        self._result: Any = None
        self._queries = 0
        self._response: Response | None = None
        self._error: Exception | None = None

    def begin(self) -> None:
        """Go to the first batched step, or to the end."""
        self._go(lambda: next(self._run))

    def proceed(self, result: Any, queries: int) -> None:
        """Go on to the next batched step; after the last one, keep the result until the work is called.

        Args:
            queries: how many the round trip took.
        """
        assert self.item is not None
        self._queries += queries
        is_last, self.item = self.item.is_last, None
        if is_last:
            self._result = result
        else:
            self._go(lambda: _proceed(self._run, result))

    def __call__(self) -> Response:
        """Take the request to its response, or raise what it raised; note how many queries it took."""
        if self._error is not None:
            raise self._error
        if self._response is not None:
            return self._response
        take_query_count()
        try:
            return _to_the_end(self._run, lambda: _proceed(self._run, self._result))
        finally:
            self._context.query_count = self._queries + take_query_count()

    def _go(self, to_the_next: Callable[[], BatchItem]) -> None:
        jobs.set_current(self.job)
        try:
            self.job.check()
            self.item = to_the_next()
        except StopIteration as end:
            self._response = end.value
        except BaseException as error:  # noqa: BLE001 (raised again where the work is called)
            self._error = as_error(error)
        finally:
            jobs.set_current(None)


def begin_batch(works: Sequence[BatchedWork]) -> None:
    """Take requests past their batched steps; raises nothing, but keeps the error of each."""
    for work in works:
        work.begin()
    while waiting := [(work, work.item) for work in works if work.item is not None]:
        # A last round trip is made when no request waits for an earlier one, so that as many as possible share it.
        round_trip = min(waiting, key=lambda one: one[1].is_last)[1].round_trip
        batch = [one for one in waiting if one[1].round_trip == round_trip]
        take_query_count()
        # The round trip may take as long as its latest request; the event loop gives up each at its own deadline.
        jobs.set_current(max((work.job for work, _ in batch), key=lambda job: job.deadline))
        results = _results(round_trip, [item.value for _, item in batch])
        jobs.set_current(None)
        queries = min(1, take_query_count())
        for (work, _), result in zip(batch, results, strict=True):
            work.proceed(result, queries)


def _to_the_end(run: Run, to_the_next: Callable[[], BatchItem]) -> Response:
    """Make one round trip after another, and return the response."""
    try:
        item = to_the_next()
        while True:
            item = _proceed(run, _results(item.round_trip, [item.value])[0])
    except StopIteration as end:
        response: Response = end.value
        return response


def _proceed(run: Run, result: Any) -> BatchItem:
    return run.throw(result) if isinstance(result, Exception) else run.send(result)


def _results(round_trip: RoundTrip, values: Sequence[Any]) -> Sequence[Any]:
    try:
        results = round_trip(values)
        if len(results) != len(values):
            raise ValueError(f"{round_trip} returned {len(results)} results for {len(values)} requests")
        return results
    except BaseException as raised:  # noqa: BLE001 (raised again in each request)
        error = as_error(raised)
        return [error, *(_copy(error) for _ in values[1:])]


def _copy(error: Exception) -> Exception:
    """Return an error of our own once more, since two threads must not raise the same one."""
    if not isinstance(error, AppError):
        return error
    copied = copy(error)
    copied.__cause__ = error.__cause__
    return copied
