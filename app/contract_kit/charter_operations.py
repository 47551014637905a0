"""What the kit knows of Charter's own operations, and the document cannot say: whose password, which token.

Everything else is derived. A team's own operations need no line here.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from app.contract_kit.ledger import Entry
from app.contract_kit.people import People
from app.contract_kit.person import Person
from app.contract_kit.prepared import Prepared
from app.contract_kit.sender import CannotTryError


@dataclass(frozen=True)
class Special:
    """An operation of Charter that needs more than its example.

    Attributes:
        shared: whether it writes something that the run has not made.
    """

    shared: ClassVar[bool] = False

    def value(self, people: People, holder: Person, name: str) -> str | None:
        """Return the value of a path parameter; None: the usual one."""
        return None

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Change what was prepared."""


class Login(Special):
    """The holder signs in."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Send the holder's credentials."""
        prepared.body = {"email": prepared.holder.email, "password": prepared.holder.password}


class Refresh(Special):
    """A new session of the holder is continued."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Send a token that was never used."""
        prepared.body = {"refresh_token": people.another_session(prepared.holder).refresh_token}


class Logout(Special):
    """The caller signs out from another session of theirs, so that the kit can go on."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Let the caller act in a session of its own."""
        prepared.body = {"scope": "this"}
        if prepared.caller is not None and prepared.caller.label not in ("suspended", "ended"):
            prepared.caller = people.another_session(prepared.caller)


class ChangePassword(Special):
    """The caller changes their password, and keeps the session."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Send the current password, and remember the new one."""
        caller, new = prepared.caller, people.password()
        prepared.body = {"current_password": caller.password if caller else "nobody's", "new_password": new}

        def remember(_: object) -> None:
            if caller is not None:
                caller.password = new

        prepared.afterwards = remember


class RevokeSession(Special):
    """A session of the holder is ended that nobody uses."""

    def value(self, people: People, holder: Person, name: str) -> str | None:
        """Return the id of a new session."""
        if name != "session_id":
            return None
        people.another_session(holder)
        # The latest sign-in comes first.
        response = people.sender.call("list_sessions", people.admin, values={"user_id": holder.id}, query={"limit": 1})
        if not response.ok or not response.data:
            raise CannotTryError("the sessions of an account cannot be listed")
        return str(response.data[0]["id"])


class CreateUser(Special):
    """An account is created, without what only few may set."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Leave out what its schema does not require."""
        prepared.body = {name: prepared.body[name] for name in ("email", "password")}


class SettingByKey(Special):
    """A setting is not the run's own: it is written only as it is."""

    shared = True

    def value(self, people: People, holder: Person, name: str) -> str | None:
        """Return the key of a setting that nobody set, so that it can be reset afterwards."""
        return _unset(people)["key"] if name == "key" else None

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Write its default."""
        if prepared.operation.method == "PUT":
            prepared.body = {"value": _unset(people)["default"]}


class InvalidateCache(Special):
    """Only what is stored of one account is dropped."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Name the tag of the holder."""
        prepared.body = {"tags": [f"user:{prepared.holder.id}"]}


class SetUserRole(Special):
    """The holder keeps their role."""

    def prepare(self, people: People, prepared: Prepared) -> None:
        """Name the role without more rights than everybody has."""
        prepared.body = {"role": people.bare_role}


SPECIAL: dict[str, Special] = {
    "login": Login(),
    "refresh": Refresh(),
    "logout": Logout(),
    "change_password": ChangePassword(),
    "revoke_session": RevokeSession(),
    "create_user": CreateUser(),
    "get_setting": SettingByKey(),
    "put_setting": SettingByKey(),
    "reset_setting": SettingByKey(),
    "invalidate_cache": InvalidateCache(),
    "set_user_role": SetUserRole(),
}


def _unset(people: People) -> dict[str, Any]:
    """Return a setting that has its default, and is no secret."""
    known = people.sender.setting
    if known is None:
        response = people.sender.call("list_settings", people.admin)
        unset = [row for row in response.data or () if not row["is_set"] and row["visibility"] != "secret"]
        if not unset:
            raise CannotTryError("every setting has a value, and the kit changes none that is in use")
        # A public one is seen in more places.
        unset.sort(key=lambda row: (row["visibility"] != "public", row["default"] is not None))
        known = unset[0]
        people.sender.setting = known
        request = people.sender.request("reset_setting", values={"key": known["key"]})
        people.sender.ledger.add(Entry("setting", f"setting {known['key']}", request))
    return known
