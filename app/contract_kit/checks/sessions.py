"""Sessions: tokens are rotated, reuse ends a session, and what ends a session takes effect on the next request."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from app.contract_kit.exchange import Response
from app.contract_kit.kit import Kit
from app.contract_kit.person import Person

_AT_ONCE = 6


def check(kit: Kit) -> None:
    """Go through the life of sessions."""
    for name, part in (
        ("refresh", _rotation),
        ("refresh", _at_once),
        ("refresh", _never_issued),
        ("logout", _logout),
        ("change_password", _password),
        ("suspend_user", _suspension),
        ("revoke_session", _revocation),
        ("delete_user", _deletion),
        ("set_user_role", _role),
        ("update_role", _permissions),
    ):
        if name in kit.document and name not in kit.skipped:
            with kit.trying(name, "sessions"):
                part(kit)


def _me(kit: Kit, person: Person) -> Response:
    return kit.call("get_me", person)


def _live(kit: Kit, person: Person, why: str) -> None:
    kit.expect_status(_me(kit, person), 200, why=why)


def _ended(kit: Kit, person: Person, why: str) -> None:
    kit.expect_status(_me(kit, person), 401, code="SESSION_ENDED", why=why)


def _refresh(kit: Kit, token: str | None) -> Response:
    return kit.call("refresh", body={"refresh_token": token})


def _taken(person: Person, response: Response) -> None:
    person.access_token, person.refresh_token = response.data["access_token"], response.data["refresh_token"]
    person.expires_at = time.monotonic() + int(response.data["expires_in"])


def _rotation(kit: Kit) -> None:
    person = kit.people.another_session(kit.people.target())
    first = person.refresh_token
    second = _refresh(kit, first)
    if not kit.expect_status(second, 200):
        return
    kit.expect(second.data["refresh_token"] != first, "the refresh token is not replaced", second)
    kit.expect(second.data["access_token"] != person.access_token, "the access token is not replaced", second)
    repeated = _refresh(kit, first)
    if kit.expect_status(repeated, 200, why="a refresh may be repeated at once"):
        same = repeated.data["refresh_token"] == second.data["refresh_token"]
        kit.expect(same, "the repetition at once has another refresh token", repeated)
    _taken(person, second)
    _live(kit, person, "the new access token is good")
    third = _refresh(kit, second.data["refresh_token"])
    if not kit.expect_status(third, 200):
        return
    _taken(person, third)
    reused = _refresh(kit, first)
    kit.expect_status(reused, 401, code="INVALID_REFRESH_TOKEN", why="the token was used before")
    _ended(kit, person, "an old refresh token was used again")
    latest = _refresh(kit, third.data["refresh_token"])
    kit.expect_status(latest, 401, code="INVALID_REFRESH_TOKEN", why="its session has ended")


def _at_once(kit: Kit) -> None:
    """Several refreshes with one token at the same time have one successor."""
    person = kit.people.another_session(kit.people.target())
    barrier = Barrier(_AT_ONCE)

    def go() -> Response:
        barrier.wait(10)
        return _refresh(kit, person.refresh_token)

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        responses = [future.result() for future in [pool.submit(go) for _ in range(_AT_ONCE)]]
    successors = {response.data["refresh_token"] for response in responses if response.ok}
    kit.expect(
        len(successors) == 1, f"{_AT_ONCE} refreshes with one token have {len(successors)} successors", responses[0]
    )


def _never_issued(kit: Kit) -> None:
    person = kit.people.another_session(kit.people.target())
    response = _refresh(kit, "never-issued-by-anybody")
    kit.expect_status(response, 401, code="INVALID_REFRESH_TOKEN")
    response = _refresh(kit, f"{(person.refresh_token or '')[:-4]}AAAA")
    kit.expect_status(response, 401, code="INVALID_REFRESH_TOKEN", why="nobody issued this token")
    _live(kit, person, "a token that was never issued ends no session")


def _logout(kit: Kit) -> None:
    base = kit.people.spare("leaver")
    here, there, third = (kit.people.another_session(base) for _ in range(3))
    kit.expect_status(kit.call("logout", here, body={"scope": "this"}), 204)
    _ended(kit, here, "it was signed out")
    kit.expect_status(_refresh(kit, here.refresh_token), 401, why="its session was signed out")
    _live(kit, there, "another session was signed out")
    kit.expect_status(kit.call("logout", there, body={"scope": "others"}), 204)
    _ended(kit, third, "all others were signed out")
    _live(kit, there, "only the others were signed out")
    last = kit.people.another_session(base)
    kit.expect_status(kit.call("logout", there, body={"scope": "all"}), 204)
    _ended(kit, there, "all were signed out")
    _ended(kit, last, "all were signed out")


def _password(kit: Kit) -> None:
    base = kit.people.spare("changer")
    here, there = kit.people.another_session(base), kit.people.another_session(base)
    new = kit.people.password()
    wrong = kit.call("change_password", here, body={"current_password": f"{base.password}x", "new_password": new})
    kit.expect_status(wrong, 400, why="the current password is wrong")
    body = {"current_password": base.password, "new_password": new}
    if not kit.expect_status(kit.call("change_password", here, body=body), 204):
        return
    _live(kit, here, "the session that changed the password stays")
    _ended(kit, there, "the password was changed elsewhere")
    old = kit.call("login", body={"email": base.email, "password": base.password})
    kit.expect_status(old, 401, code="INVALID_CREDENTIALS", why="this is the old password")
    kit.expect_status(
        kit.call("login", body={"email": base.email, "password": new}), 200, why="the new password is right"
    )


def _suspension(kit: Kit) -> None:
    person = kit.people.spare("leaver")
    _live(kit, person, "it has just signed in")
    told = kit.call("suspend_user", kit.people.admin, values={"user_id": person.id})
    kit.expect_status(told, 200)
    _ended(kit, person, "its account was suspended")
    kit.expect_status(_refresh(kit, person.refresh_token), 401, why="its account was suspended")
    login = kit.call("login", body={"email": person.email, "password": person.password})
    kit.expect_status(login, 401, code="INVALID_CREDENTIALS", why="the account is suspended")
    if "restore_user" in kit.document:
        kit.expect_status(kit.call("restore_user", kit.people.admin, values={"user_id": person.id}), 200)
        _ended(kit, person, "restoring an account revives no session")
        kit.expect_status(kit.people.login(person), 200, why="the account was restored")
        _live(kit, person, "it has signed in again")


def _revocation(kit: Kit) -> None:
    base = kit.people.spare("leaver")
    first = kit.people.another_session(base)
    listed = kit.call("list_sessions", first, values={"user_id": base.id})
    [session] = [row for row in listed.data if row["current"]]
    second = kit.people.another_session(base)
    values = {"user_id": base.id, "session_id": session["id"]}
    kit.expect_status(kit.call("revoke_session", second, values=values), 204)
    _ended(kit, first, "its session was ended")
    kit.expect_status(_refresh(kit, first.refresh_token), 401, why="its session was ended")
    _live(kit, second, "another session was ended")
    rows = kit.call("list_sessions", second, values={"user_id": base.id}).data
    kit.expect(len(rows) == 1, f"{len(rows)} sessions are listed instead of 1", operation="list_sessions")


def _deletion(kit: Kit) -> None:
    person = kit.people.spare("leaver")
    _live(kit, person, "it has just signed in")
    kit.expect_status(kit.call("delete_user", kit.people.admin, values={"user_id": person.id}), 204)
    _ended(kit, person, "its account was deleted")
    kit.expect_status(_refresh(kit, person.refresh_token), 401, why="its account was deleted")
    gone = kit.call("get_user", kit.people.admin, values={"user_id": person.id})
    kit.expect_status(gone, 404, why="the account was deleted")


def _role(kit: Kit) -> None:
    """Another role counts on the next request."""
    person = kit.people.spare("climber")
    kit.expect_status(kit.call("list_roles", person), 403, why="its role has no right to")
    told = kit.call("set_user_role", kit.people.admin, values={"user_id": person.id}, body={"role": "admin"})
    kit.expect_status(told, 200)
    kit.expect_status(kit.call("list_roles", person), 200, why="it has the role admin now")
    body = {"role": kit.people.bare_role}
    told = kit.call("set_user_role", kit.people.admin, values={"user_id": person.id}, body=body)
    kit.expect_status(told, 200)
    kit.expect_status(kit.call("list_roles", person), 403, why="it has the role admin no more")


def _permissions(kit: Kit) -> None:
    """Another permission of a role counts on the next request."""
    needed = frozenset(kit.document["list_roles"].permissions)
    person = kit.people.tailor(needed)
    kit.expect_status(kit.call("list_roles", person), 200, why="its role may list roles")
    kit.people.tailor(frozenset())
    kit.expect_status(kit.call("list_roles", person), 403, why="its role may list roles no more")
