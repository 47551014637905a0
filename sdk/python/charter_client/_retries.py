"""Whether a call is sent again, and when."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx

from charter_client._operation import Invocation
from charter_client._responses import Outcome, code_of, retry_after

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
_FIRST_BACKOFF_SECONDS = 0.25
_MAX_BACKOFF_SECONDS = 8.0
# A refresh whose response was lost is repeated within the seconds in which the server returns the same tokens again,
# whatever the client's options are: later, the server takes its token for stolen and ends the session.
_LOST_REFRESH_RETRIES = 6
_LOST_REFRESH_BACKOFF_SECONDS = 2.0
REFRESH_TIMEOUT_SECONDS = 5.0
# Longer than anybody waits, and short enough for every clock.
_LONGEST_WAIT_SECONDS = 10.0**9


@dataclass(frozen=True, slots=True)
class Options:
    """How a client calls.

    Attributes:
        timeout: seconds to connect, to send, and to wait for the next part of a response; each attempt has them again.
        retries: how many times a call that can be repeated is sent again.
        max_wait: the longest Retry-After that is waited for, in seconds; a longer one is raised.
        headers: sent with every request.
    """

    timeout: float = 30.0
    retries: int = 2
    max_wait: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


def is_lost(invocation: Invocation[object], outcome: Outcome) -> bool:
    """Return whether a refresh may have reached the server, although the server's response did not come."""
    if invocation.operation.name != "refresh":
        return False
    if isinstance(outcome, httpx.Response):
        return outcome.status_code >= 500 and code_of(outcome) is None  # a proxy responded in its place
    return not isinstance(outcome, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)


def pause_before_retry(
    invocation: Invocation[object], outcome: Outcome, attempt: int, options: Options, *, urgent: bool = False
) -> float | None:
    """Return how many seconds to wait before the next attempt; None if there is none.

    Args:
        attempt: how many retries there were.
        urgent: whether it is a refresh that `is_lost`, in this attempt or in an earlier one.
    """
    retries = max(options.retries, _LOST_REFRESH_RETRIES) if urgent else options.retries
    if attempt >= retries or not invocation.repeatable:
        return None
    longest = _LOST_REFRESH_BACKOFF_SECONDS if urgent else _MAX_BACKOFF_SECONDS
    backoff = min(longest, _FIRST_BACKOFF_SECONDS * (1 << attempt))
    jittered = backoff * random.uniform(0.5, 1.0)
    if isinstance(outcome, httpx.RequestError):
        return jittered
    if outcome.status_code in invocation.operation.values:
        return None
    if outcome.status_code not in _PASSING and code_of(outcome) != "IDEMPOTENCY_IN_PROGRESS":
        return None
    asked = retry_after(outcome)
    if asked is None:
        return jittered
    # A little later than asked, so that the clients that were refused together do not come back together.
    return None if asked > min(options.max_wait, _LONGEST_WAIT_SECONDS) else asked + random.uniform(0.0, 0.25)
