"""Whether somebody has an account: neither what is told nor how long it takes may show it.

Few sign-ins are tried, because they count against this machine's address. So only a difference is seen that is larger
than the noise: hashing a password or not, for example.
"""

from statistics import median

from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit

_SAMPLES = 5
# Below this share of the larger time, a difference is noise.
_LEAST_SHARE = 0.4
_LEAST_SECONDS = 0.002


def check(kit: Kit) -> None:
    """Compare known and unknown addresses."""
    if "login" not in kit.skipped:
        with kit.trying("login", "known and unknown addresses"):
            _compare(kit, "login", _login)
    if "register" in kit.document and "register" not in kit.skipped:
        with kit.trying("register", "known and unknown addresses"):
            _compare(kit, "register", _register)


def _login(kit: Kit, email: str) -> Response:
    return kit.call("login", body={"email": email, "password": "not the password of anybody"})


def _register(kit: Kit, email: str) -> Response:
    return kit.call("register", body={"email": email, "password": kit.people.password()})


def _compare(kit: Kit, operation: str, send: object) -> None:
    assert callable(send)
    # A few wrong passwords lock an account, so each sample has one of its own.
    known: list[Response] = []
    unknown: list[Response] = []
    for number in range(_SAMPLES):
        person = kit.people.spare("known")
        # In turn, so that a busy moment is not all on one side.
        pair = [(known, person.email), (unknown, kit.people.address("new"))]
        for times, email in pair if number % 2 else reversed(pair):
            times.append(send(kit, email))
    first, second = known[0], unknown[0]
    if first.status == second.status == 403:
        kit.gap(operation, "known and unknown addresses", "it is closed to everybody", accepted=True)
        return
    shapes = {_shown(response) for response in (*known, *unknown)}
    kit.expect(
        len(shapes) == 1, f"known and unknown addresses get different responses: {sorted(map(str, shapes))}", second
    )
    _times(kit, operation, [r.seconds for r in known], [r.seconds for r in unknown])


def _shown(response: Response) -> tuple[object, ...]:
    names = tuple(sorted({name for name, _ in response.headers} - {"date", "content-length"}))
    return response.refusal, str(response.data), names


def _times(kit: Kit, operation: str, known: list[float], unknown: list[float]) -> None:
    apart = abs(median(known) - median(unknown))
    larger = max(median(known), median(unknown))
    separate = min(known) > max(unknown) or min(unknown) > max(known)
    told = f"known addresses take {median(known) * 1000:.1f} ms, unknown ones {median(unknown) * 1000:.1f} ms"
    visible = separate and apart > _LEAST_SECONDS and apart > _LEAST_SHARE * larger
    spread = max(max(known) - min(known), max(unknown) - min(unknown))
    kit.results.notes.append(f"{operation}: {told} (medians of {len(known)}, spread {spread * 1000:.1f} ms)")
    kit.expect(not visible, f"the time tells who has an account: {told}", operation=operation)
