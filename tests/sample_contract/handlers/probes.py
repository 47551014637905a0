"""probes: what comes in is sent back, and what goes out is as wrong as the request asks for."""

import os
import signal
import threading
from typing import Any

from app.database import on_commit, run, transaction
from app.errors import PreconditionFailed, RoleInUse
from app.results import Listing, Page, Result

_RIGHT = {"word": "right"}
_WRONG: dict[str, Any] = {
    "right": Result(_RIGHT, version=1),
    "wrong_type": {"word": 3},
    "missing_property": {},
    "unknown_property": {**_RIGHT, "more": 1},
    "not_a_number": {"word": float("nan")},
    "not_json": {"word": object()},
    "no_data": None,
    "undocumented_status": Result(_RIGHT, status=201),
    "undocumented_header": Result(_RIGHT, location="/v1/answers/1"),
    "wrong_header": Result(_RIGHT, version=77),
}


def echo_parameters(
    number: int,
    x_count: int | None,
    day: str | None,
    moment: str | None,
    link: str | None,
    key: str | None,
    flag: bool | None,
    sizes: list[int] | None,
) -> dict[str, Any]:
    """Send the parameters back as they came out of validation."""
    return {
        "number": number,
        "x_count": x_count,
        "day": day,
        "moment": moment and str(moment),
        "link": link,
        "key": key and str(key),
        "flag": flag,
        "sizes": sizes,
    }


def make_thing(body: dict[str, Any]) -> dict[str, Any]:
    """Send the body back with what the server sets."""
    return {"id": "019c13ec-9e00-7a1b-8c2d-3e4f5a6b7c8d", "name": body["name"], "note": body["note"]}


def write_and_answer(body: dict[str, Any]) -> Any:
    """Change a row, then answer in the way that was asked for."""
    with transaction():
        run("UPDATE roles SET description = 'written by a test' WHERE name = 'guest'")
        return _answer(body["how"])


def read_answer(how: str) -> Any:
    """Answer in the way that was asked for."""
    return _answer(how)


# A wish of `hold` has written by the first, and goes on with the second.
WRITTEN, GO_ON = threading.Barrier(2), threading.Barrier(2)
_UNDONE_ONCE: set[str] = set()
_UNDO = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"
_COUNT = "INSERT INTO sign_in_attempts (id, key) VALUES (gen_random_uuid(), gen_random_uuid()::text)"


def grant_wish(body: dict[str, Any]) -> Any:
    """Count the wish, and do what it says beside."""
    how = body["how"]
    if how == "nothing":
        return Result(_RIGHT, version=1)
    if how == "be_the_first" and run("SELECT 1 FROM sign_in_attempts LIMIT 1"):
        raise RoleInUse
    with transaction():
        run(_COUNT)
        if how == "undone_once" and how not in _UNDONE_ONCE:
            _UNDONE_ONCE.add(how)
            run(_UNDO)
        if how == "hold":
            WRITTEN.wait(10)
            GO_ON.wait(10)
        if how == "lose_the_commit":
            run("SELECT pg_terminate_backend(pg_backend_pid())")
        if how == "die":
            on_commit(lambda: os.kill(os.getpid(), signal.SIGKILL))
        return _answer(how) if how in {*_WRONG, "crash", "documented_refusal"} else Result(_RIGHT, version=1)


def keep_wish(number: int, loud: bool, body: dict[str, Any]) -> Any:
    """Count the wish."""
    return grant_wish(body)


def bury_relic(body: dict[str, Any]) -> Any:
    """Count another."""
    return grant_wish(body)


def report_wish(body: dict[str, Any]) -> Result:
    """Count the wish, and report that something is amiss."""
    grant_wish(body)
    return Result(_RIGHT, status=503)


def dust_relic(body: dict[str, Any]) -> Any:
    """Answer."""
    return _answer(body["how"])


def list_relics(page: Page) -> Listing:
    """List two, by pages."""
    return Listing(["bone", "tooth"][page.offset : page.offset + page.limit], 2, True)


def _answer(how: str) -> Any:
    if how == "missing_column":
        run("SELECT color FROM users")
    if how == "undocumented_refusal":
        raise PreconditionFailed
    if how == "documented_refusal":
        raise RoleInUse
    if how == "crash":
        raise ZeroDivisionError("a secret word")
    return _WRONG[how]
