"""The accounts that act in the process of Schemathesis: made when they are needed, and again when they are gone."""

import json
import secrets
import time
from typing import Any

from app.contract_kit.client import Address, Client
from app.contract_kit.exchange import Request, Response
from app.contract_kit.fuzz.state import State, Task

# A caller with fewer requests left than this lets another one act.
_FEW = 6
_MOST = 12
# A token is replaced after this share of its life: a request may be made long before it is sent.
_USED_SHARE = 0.75


class Actor:
    """An account."""

    def __init__(self, id_: str, email: str, password: str) -> None:
        self.id, self.email, self.password = id_, email, password
        self.token: str | None = None
        self.good_until = 0.0


class Actors:
    """Makes accounts and roles, with requests of its own.

    Args:
        task: what is to be done.
        state: where what is made is noted.
    """

    def __init__(self, task: Task, state: State) -> None:
        self.task = task
        self._state = state
        self.client = Client(Address.of(task.url, ca_file=task.ca_file), f"{task.run}.f")
        self._maker = Actor("", *task.maker)
        self._acting: list[Actor] = []
        self._victim: Actor | None = None
        self._role = ""
        self.own: set[str] = set()

    def acting(self) -> Actor:
        """Return the account that acts: one that has requests left, signed in."""
        pace = self.client.pace
        for actor in list(self._acting):
            if time.monotonic() > actor.good_until:
                actor.token = None
            if actor.token is not None and pace.least_left(actor.id) > _FEW:
                return actor
        if len(self._acting) < _MOST:
            self._acting.append(self._make(self.task.role))
        actor = max(self._acting, key=lambda one: pace.least_left(one.id))
        if actor.token is None and not self._sign_in(actor):
            self._acting.remove(actor)
            return self.acting()
        return actor

    def victim(self) -> str:
        """Return the id of the account that is acted on."""
        if self._victim is None:
            self._victim = self._make(self.task.bare_role)
        return self._victim.id

    def role(self) -> str:
        """Return the name of a role that may be changed and deleted."""
        if not self._role:
            name = f"fuzzed-{self.task.run}-{secrets.token_hex(3)}"
            body = {"name": name, "description": "Made by charter contract.", "permissions": []}
            response = self._as_maker("POST", "/v1/roles", body, "create_role")
            self._role = name if response.ok else "no-such-role"
            if response.ok:
                self.note("role", f"/v1/roles/{name}", "delete_role")
        return self._role

    def note(self, kind: str, target: str, operation: str) -> None:
        """Note what was made, and that it may be changed."""
        self.own.add(target.rpartition("/")[2])
        self._state.made(kind, target, operation=operation)

    def ended(self) -> None:
        """Note that a session or an account may be gone."""
        for actor in self._acting:
            actor.token = None

    def gone(self, value: str) -> None:
        """Note that something was deleted or suspended."""
        if self._victim is not None and value == self._victim.id:
            self._victim = None
        if value == self._role:
            self._role = ""
        self._acting = [actor for actor in self._acting if actor.id != value]

    def _make(self, role: str) -> Actor:
        email = f"fuzz-{self.task.run}-{secrets.token_hex(4)}@{self.task.domain}"
        password = f"kit {secrets.token_hex(12)} quarry"
        body = {"email": email, "password": password, "role": role, "email_verified": True}
        response = self._as_maker("POST", "/v1/users", body, "create_user")
        if not response.ok:
            raise RuntimeError(f"no account can be made: create_user is {response.told()}")
        id_ = str(response.data["id"])
        self.note("account", f"/v1/users/{id_}", "delete_user")
        return Actor(id_, email, password)

    def _sign_in(self, actor: Actor) -> bool:
        body = {"email": actor.email, "password": actor.password}
        response = self._send("POST", "/v1/auth/login", body, "login", None, "address")
        actor.token = response.data["access_token"] if response.ok else None
        lifetime = int(response.data["expires_in"]) if response.ok else 0
        actor.good_until = time.monotonic() + lifetime * _USED_SHARE
        return response.ok

    def _as_maker(self, method: str, path: str, body: Any, operation: str) -> Response:
        if self._maker.token is None:
            self._sign_in(self._maker)
        response = self._send(method, path, body, operation, self._maker.token, "maker")
        if response.status == 401:
            self._sign_in(self._maker)
            response = self._send(method, path, body, operation, self._maker.token, "maker")
        return response

    def _send(self, method: str, path: str, body: Any, operation: str, token: str | None, key: str) -> Response:
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        return self.client.send(Request(method, path, headers, data, operation, token=token), key=key)
