"""Limits: every request of an account is counted in its bucket, and only there; a used-up bucket refuses with a 429.

Only buckets of accounts that the run has made are ever used up. Those of a client address belong to others, too.
"""

import time

from app.contract_kit.document import Operation
from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.person import Person
from app.contract_kit.rate import POLICY, STATE

# Larger buckets are counted, but not used up.
_LARGEST = 1000
_COUNTED = 5
_ATTEMPTS = 4


def check(kit: Kit) -> None:
    """Count the requests of each bucket, and use it up."""
    buckets: dict[str, list[Operation]] = {}
    for operation in kit.operations():
        if operation.bucket is not None and not operation.public:
            buckets.setdefault(operation.bucket, []).append(operation)
    for name, operations in buckets.items():
        cheapest = min(operations, key=_cost)
        with kit.trying(cheapest.name, f"the bucket {name}"):
            _bucket(kit, name, cheapest, operations)
    for operation in kit.operations():
        if operation.bucket is not None and operation.public:
            reason = "the bucket belongs to this machine's address, which others may share"
            kit.gap(operation.name, "429 RATE_LIMITED", reason, accepted=True)


def _cost(operation: Operation) -> tuple[bool, int]:
    """Order operations by what they cost the server."""
    return not operation.safe, len(operation.path_parameters) + bool(operation.cache) + bool(operation.paginated)


def _call(kit: Kit, operation: Operation, person: Person, *, wanted: bool = True) -> Response:
    """Send a request that is counted, but need not succeed: an unknown parameter makes it cheap."""
    prepared = dict.fromkeys(operation.path_parameters, person.id)
    request = kit.request(operation, person, values=prepared, query={"nonsense": "1"})
    return kit.send(request, person, refused_for_rate=wanted)


def _bucket(kit: Kit, name: str, operation: Operation, operations: list[Operation]) -> None:
    person, other = kit.people.spare("limited"), kit.people.spare("other")
    began = time.monotonic()
    first = _call(kit, operation, person)
    found = POLICY.fullmatch(first.header("ratelimit-policy") or "")
    if not kit.expect(found is not None, "there is no RateLimit-Policy", first) or found is None:
        return
    size, seconds = int(found[2]), int(found[3])
    lefts = [_left(first), *(_left(_call(kit, operation, person)) for _ in range(_COUNTED - 1))]
    refilled = (time.monotonic() - began) * size / max(seconds, 1) + 1
    told = f"the bucket {name} has {lefts} left of {size}, request by request"
    kit.expect(lefts[0] >= size - 1 - refilled, f"{told}: the first is more than one less", first)
    counted = lefts[0] - lefts[-1]
    kit.expect(counted >= _COUNTED - 1 - refilled, f"{told}: some were not counted", first)
    kit.expect(counted <= _COUNTED - 1, f"{told}: some were counted twice", first)
    apart = _call(kit, operation, other)
    kit.expect(
        _left(apart) == size - 1, f"another account has {_left(apart)} left of {size} at its first request", apart
    )
    if size > _LARGEST:
        kit.gap(operation.name, f"the bucket {name} used up", f"it holds {size} requests", accepted=True)
        return
    refused = _use_up(kit, operation, person, size)
    if refused is None:
        if time.monotonic() - began < seconds:
            kit.fail(f"the bucket {name} of {size} in {seconds} s never refuses", first)
        else:
            reason = f"it gets {size} requests in {seconds} s, and the deployment responds no faster"
            kit.gap(operation.name, f"the bucket {name} used up", reason, accepted=True)
        return
    _refusal(kit, refused)
    kit.expect_status(_call(kit, operation, other), 400, why="another account has a bucket of its own")
    for another in operations:
        if another is not operation:
            _shares(kit, another, operation, person, size / max(seconds, 1))


def _shares(kit: Kit, another: Operation, operation: Operation, person: Person, per_second: float) -> None:
    """Try another operation of a bucket that is used up."""
    for _ in range(_ATTEMPTS):
        began = time.monotonic()
        response = _call(kit, another, person)
        if response.status == 429:
            break
        # A request comes back to the bucket every few milliseconds: the other operation may get that one.
        refilled = (time.monotonic() - began) * per_second + 1
        _use_up(kit, operation, person, int(per_second) + 1)
    else:
        if 0 <= _left(response) <= refilled:
            kit.expect(True, "", response)
            return
    kit.expect_status(response, 429, code="RATE_LIMITED", why=f"the bucket {operation.bucket} is used up")


def _left(response: Response) -> int:
    found = STATE.fullmatch(response.header("ratelimit") or "")
    return int(found[2]) if found else -1


def _use_up(kit: Kit, operation: Operation, person: Person, size: int) -> Response | None:
    """Send requests until one is refused; return it, or None if none is."""
    for _ in range(size * 2 + 20):
        response = _call(kit, operation, person)
        if response.status == 429:
            return response
    return None


def _refusal(kit: Kit, response: Response) -> None:
    kit.expect_status(response, 429, code="RATE_LIMITED")
    after = response.header("retry-after") or ""
    held = after.isdigit() and int(after) >= 1
    kit.expect(held, f"Retry-After is {after!r}", response)
    found = STATE.fullmatch(response.header("ratelimit") or "")
    kit.expect(found is not None and found[2] == "0", f"RateLimit is {response.header('ratelimit')!r}", response)
    kit.expect(found is not None and found[3] == after, "RateLimit and Retry-After tell other times", response)
