"""The accounts of a run: one in each role, two with roles that are changed, and as many spare ones as are needed."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from app.contract_kit.exchange import Request, Response
from app.contract_kit.ledger import Entry
from app.contract_kit.person import Person
from app.contract_kit.sender import CannotTryError, Sender

DOMAIN = "contract-kit.example.com"
# One operation takes about so many requests of a check.
_ENOUGH = 40
_MAX_WORKERS = 12
_SOON_SECONDS = 5
NEEDED = ("login", "create_user", "delete_user", "create_role", "update_role", "delete_role", "suspend_user")


class SetupError(Exception):
    """The run cannot begin; the text says why and what to do."""


class People:
    """Makes accounts and roles, and signs people in.

    Args:
        sender: sends the requests.
        given: the admin whose credentials were given.
    """

    def __init__(self, sender: Sender, given: Person) -> None:
        self.sender = sender
        sender.token_of = self.token
        self.given = given
        self.everybodys: frozenset[str] = frozenset()
        self.held: dict[str, frozenset[str]] = {}
        self.bare_role = ""
        self.registered: set[str] = set()
        self.words: set[str] = set()
        self._known: dict[str, Person] = {}
        self._workers: list[Person] = []
        self._lent: dict[frozenset[str], str] = {}
        self._lock = threading.RLock()

    def __getitem__(self, label: str) -> Person:
        return self._known[label]

    def __contains__(self, label: str) -> bool:
        return label in self._known

    @property
    def admin(self) -> Person:
        """The admin of this run."""
        return self._known["admin"]

    def sign_in_given(self) -> None:
        """Sign in the admin whose credentials were given.

        Raises:
            SetupError: they are refused.
        """
        response = self.login(self.given)
        if not response.ok:
            told = response.errors[0].get("message", "") if response.errors else ""
            raise SetupError(f"signing in as {self.given.email} is refused with {response.told()}: {told}")
        user = response.data.get("user") or {}
        if not user.get("id"):
            raise SetupError("login responds without the account that signed in: it is not of a Charter server")
        self.given.id, self.given.role = str(user["id"]), str(user.get("role", ""))

    def create(self) -> None:
        """Create the people of the run.

        Raises:
            SetupError: they cannot be created.
        """
        missing = [name for name in NEEDED if name not in self.sender.document]
        if missing:
            raise SetupError(f"the document has no {', '.join(missing)}: without these no account can be made")
        try:
            self._create()
        except CannotTryError as error:
            hint = f": {self.given.email} must be an admin, who holds every permission" if " 403 " in str(error) else ""
            raise SetupError(f"{error}{hint}") from error

    def _create(self) -> None:
        kit = self.sender
        self.bare_role = self.make_role("bare", [], by=self.given)
        self._known["admin"] = self.make("admin", role="admin", by=self.given)
        self._workers.append(self.admin)
        self._known["tailor"] = self.make("tailor", role="admin", by=self.admin)
        for role in kit.rows("list_roles", self.admin):
            self.held[role["name"]] = frozenset(role["permissions"])
        self.everybodys = self.held[self.bare_role]
        for label in ("guest", "user"):
            if label in self.held:
                self._known[label] = self.make(label, role=label, by=self.admin, verified=label != "guest")
        self._known["owner"] = self.make("owner", role=self.bare_role, by=self.admin)
        self._known["peer"] = self.make("peer", role=self.bare_role, by=self.admin)
        self._known["tailored"] = self.make("tailored", role=self.make_role("tailored", [], by=self.admin))
        self._known["ended"] = self.make("ended", role="admin")
        self._known["suspended"] = self.make("suspended", role="admin")
        for person in list(self._known.values()):
            if not self._signed_in(person) and person.label != "guest":
                raise SetupError(f"the account that was made as {person.label} cannot sign in")
        ended = kit.call("logout", self._known["ended"]) if "logout" in kit.document else None
        if ended is None or not ended.ok:
            del self._known["ended"]
        suspended = self._known["suspended"]
        told = kit.call("suspend_user", self.admin, values={"user_id": suspended.id})
        if not told.ok:
            raise SetupError(f"an account cannot be suspended: {told.told()}")

    def _signed_in(self, person: Person) -> bool:
        response = self.login(person)
        if not response.ok:
            self._known.pop(person.label, None)
            self.sender.gap("login", f"calls as {person.label}", f"this account cannot sign in: {response.told()}")
        return response.ok

    def make(self, label: str, *, role: str = "", by: Person | None = None, verified: bool = True) -> Person:
        """Create an account, not signed in.

        Raises:
            CannotTryError: it is refused.
        """
        kit = self.sender
        email, password = self.address(label), self.password()
        body: dict[str, Any] = {"email": email, "password": password, "role": role or self.bare_role}
        body["email_verified"] = verified
        response = kit.call("create_user", by or self.admin, body=body)
        if not response.ok:
            raise CannotTryError(f"no account can be made: create_user is {response.told()}")
        person = Person(label, email, password, str(response.data["id"]), body["role"])
        self.note(person.id, email)
        return person

    def note(self, id_: str, email: str) -> None:
        """Have an account removed at the end."""
        request = self.sender.request("delete_user", values={"user_id": id_})
        self.sender.ledger.add(Entry("account", f"account {email}", request))

    def spare(self, label: str = "target") -> Person:
        """Return a new account, which may be changed, suspended or deleted."""
        return self.make(label)

    def spare_admin(self) -> Person:
        """Return an admin who never signs in, and is not changed."""
        with self._lock:
            if "spare_admin" not in self._known:
                self._known["spare_admin"] = self.make("spare-admin", role="admin")
            return self._known["spare_admin"]

    def worker(self) -> Person:
        """Return an admin who has many requests left; another one is made if none has."""
        with self._lock:
            pace = self.sender.client.pace
            for person in self._workers:
                if pace.least_left(person.key) > _ENOUGH:
                    return person
            if len(self._workers) < _MAX_WORKERS:
                self._workers.append(self.make("admin", role="admin"))
            return max(self._workers, key=lambda person: pace.least_left(person.key))

    def target(self) -> Person:
        """Return the account that calls are about, which stays as it is."""
        with self._lock:
            if "target" not in self._known:
                self._known["target"] = self.make("target")
            return self._known["target"]

    def make_role(self, word: str, permissions: list[str], *, by: Person | None = None) -> str:
        """Create a role and return its name.

        Raises:
            CannotTryError: it is refused.
        """
        kit = self.sender
        name = kit.unique(word)
        body = {"name": name, "description": "Made by charter contract.", "permissions": permissions}
        response = kit.call("create_role", by or self.admin, body=body)
        if not response.ok:
            raise CannotTryError(f"no role can be made: create_role is {response.told()}")
        self.held[name] = frozenset(response.data["permissions"])
        kit.ledger.add(Entry("role", f"role {name}", kit.request("delete_role", values={"role_name": name})))
        return name

    def tailor(self, permissions: frozenset[str]) -> Person:
        """Return the person whose role has just these permissions, and those that every role has."""
        person = self._known["tailored"]
        wanted = permissions | self.everybodys
        if self.held[person.role] != wanted:
            body = {"permissions": sorted(wanted)}
            response = self.sender.call("update_role", self["tailor"], values={"role_name": person.role}, body=body)
            if not response.ok:
                raise CannotTryError(f"the permissions of a role cannot be changed: {response.told()}")
            self.held[person.role] = wanted
        return person

    @contextmanager
    def lent(self, person: Person, permissions: frozenset[str]) -> Iterator[None]:
        """Let a person have permissions for the length of a block.

        Raises:
            CannotTryError: they cannot get them.
        """
        former = person.role
        if self.held.get(former, frozenset()) >= permissions:
            yield
            return
        wanted = permissions | self.everybodys
        if wanted not in self._lent:
            self._lent[wanted] = self.make_role("lent", sorted(wanted))
        self._give_role(person, self._lent[wanted])
        try:
            yield
        finally:
            self._give_role(person, former)

    def _give_role(self, person: Person, role: str) -> None:
        if "set_user_role" not in self.sender.document:
            raise CannotTryError("the document has no set_user_role, so an owner cannot be allowed to make it")
        response = self.sender.call("set_user_role", self.admin, values={"user_id": person.id}, body={"role": role})
        if not response.ok:
            raise CannotTryError(f"{person.label} cannot get another role: set_user_role is {response.told()}")
        person.role = role

    def login(self, person: Person) -> Response:
        """Sign a person in, and keep the tokens.

        Raises:
            CannotTryError: the response has none.
        """
        response = self.sender.call("login", body={"email": person.email, "password": person.password})
        if response.ok:
            try:
                person.expires_at = time.monotonic() + int(response.data["expires_in"])
                person.access_token = str(response.data["access_token"])
                person.refresh_token = str(response.data["refresh_token"])
            except (KeyError, TypeError, ValueError) as error:
                raise CannotTryError("login responds without the tokens that its document names") from error
        return response

    def token(self, person: Person) -> str:
        """Return the access token of a person, who signs in if they have not yet.

        Raises:
            CannotTryError: they cannot sign in.
        """
        with self._lock:
            if person.access_token is not None and person.expires_at - time.monotonic() < _SOON_SECONDS:
                if person.label in ("suspended", "ended"):
                    raise CannotTryError(f"the access token of {person.label} has expired meanwhile")
                person.access_token = None
            if person.access_token is None and not self.login(person).ok:
                raise CannotTryError(f"{person.label} cannot sign in")
            assert person.access_token is not None
            return person.access_token

    def another_session(self, person: Person) -> Person:
        """Return the same person in a session of its own.

        Raises:
            CannotTryError: they cannot sign in.
        """
        twin = Person(person.label, person.email, person.password, person.id, person.role, given=person.given)
        response = self.login(twin)
        if not response.ok:
            raise CannotTryError(f"{person.label} cannot sign in again: {response.told()}")
        return twin

    def address(self, word: str) -> str:
        """Return an email address that nobody has."""
        word = word.replace("_", "-")
        self.words.add(word)
        return f"{self.sender.unique(word)}@{DOMAIN}"

    def password(self) -> str:
        """Return a new password."""
        return f"kit {secrets.token_hex(12)} quarry"

    def remove_given(self, request: Request) -> Response:
        """Send a request as the admin who was given, signing in again if their token has expired."""
        kit, given = self.sender, self.given
        response = kit.send(request.but(token=self.token(given), caller=given.label), given)
        if response.status == 401:
            self.login(given)
            response = kit.send(request.but(token=self.token(given), caller=given.label), given)
        return response
