"""What `schemathesis run` loads: requests reach only what the run has made, and the caller stays able to act.

The task is in the folder that the environment names. Without it, nothing is installed.
"""

import atexit
import functools
import os
import re
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.generation import GenerationMode

from app.contract_kit.document import Document
from app.contract_kit.exchange import Request, Response
from app.contract_kit.fuzz.actors import Actors
from app.contract_kit.fuzz.state import VARIABLE, State

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_LINES = strategies.text(strategies.characters(exclude_categories=["C", "Zl", "Zp"]))
# The values of Charter's formats, which Schemathesis does not know.
_FORMATS = {
    "time-zone": strategies.sampled_from(["Europe/London", "Asia/Kolkata", "UTC"]),
    "web-url": strategies.sampled_from(["https://a.example", "http://[::1]:80/b?c#d"]),
    "single-line": _LINES,
    "multi-line": _LINES,
}
_ENDING = {"logout", "change_password", "delete_user", "suspend_user", "revoke_session", "set_user_role"}
_OF_ONE_RESPONSE = ("timestamp", "request_id")
# Bodies of these name an account that is to be made, changed or tried.
_WITH_ADDRESS = {"register", "create_user", "update_user", "login"}


class Hooks:
    """The hooks of one task.

    Args:
        state: where the task is, and where what happens is noted.
    """

    def __init__(self, state: State) -> None:
        self._state, self._task = state, state.task()
        self._actors = Actors(self._task, state)
        self._seen: Counter[tuple[str, int, str]] = Counter()
        self._items: list[str] = []

    def install(self) -> None:
        """Have Schemathesis call the hooks."""
        for name, strategy in _FORMATS.items():
            schemathesis.openapi.format(name, strategy)
        for hook in (self.before_load_schema, self.before_call, self.after_call):
            schemathesis.hook(hook.__name__)(_function(hook))
        if self._task.role:
            actors = self._actors

            @schemathesis.auth(refresh_interval=None)
            class Token:
                """The access token of the caller."""

                def get(self, case: Any, context: Any) -> str:
                    """Return the token."""
                    return actors.acting().token or ""

                def set(self, case: Any, data: str, context: Any) -> None:
                    """Put it into a request."""
                    case.headers["Authorization"] = f"Bearer {data}"

        atexit.register(lambda: self._state.saw([[*key, count] for key, count in self._seen.items()]))

    def before_load_schema(self, context: Any, raw_schema: dict[str, Any]) -> None:
        """Name Charter's formats where Schemathesis looks for them, and move what no two responses have in common.

        `object_level_authorization` compares all that `properties` names.
        """
        self._items = Document(raw_schema).items()
        _use_formats(raw_schema)
        for schema in raw_schema.get("components", {}).get("schemas", {}).values():
            if set(_OF_ONE_RESPONSE) <= set(schema.get("properties", {})):
                own = {name: schema["properties"].pop(name) for name in _OF_ONE_RESPONSE}
                schema["patternProperties"] = {f"^{name}$": part for name, part in own.items()}
                schema["minProperties"] = len(schema.get("required", ()))
                schema["required"] = [name for name in schema.get("required", ()) if name not in own]

    def before_call(self, context: Any, case: Any, kwargs: dict[str, Any]) -> None:
        """Keep a request to what the run has made."""
        operation = case.operation.definition.raw["operationId"]
        if case.method != "GET":
            for name, value in list((case.path_parameters or {}).items()):
                if str(value) not in self._actors.own:
                    case.path_parameters[name] = self._own(name, value)
        if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
            self._fix(operation, case)
        client = self._actors.client
        client.wait(client.pace.seconds_to_wait(self._key(), operation))

    def after_call(self, context: Any, case: Any, response: Any) -> None:
        """Note what was made, what is gone, and what was seen."""
        operation = case.operation.definition.raw["operationId"]
        headers = tuple((name.lower(), values[0]) for name, values in response.headers.items())
        request = Request(case.method, "", operation=operation)
        found = Response(request, response.status_code, headers, response.content, 0)
        self._seen[operation, found.status, found.code or ""] += 1
        self._actors.client.pace.learn(self._key(), operation, found)
        made = found.made(self._items) if found.status == 201 else None
        if made is not None:
            kind = {"create_user": "account", "create_role": "role"}.get(operation, "resource")
            self._actors.note(kind, made[1], "")
        elif found.ok and operation == "register" and isinstance(case.body, dict):
            self._state.made("address", str(case.body.get("email", "")))
        if found.ok and case.method != "GET":
            if case.method == "DELETE" or operation == "suspend_user":
                for value in (case.path_parameters or {}).values():
                    self._actors.gone(str(value))
            if operation in _ENDING:
                self._actors.ended()

    def _key(self) -> str:
        return self._actors.acting().id if self._task.role else "address"

    def _own(self, name: str, value: Any) -> Any:
        if name == "user_id":
            return self._actors.victim()
        if name == "role_name":
            return self._actors.role()
        if name == "key":
            return "no.such.key"
        text = str(value)
        # Nothing has this value, which keeps its form.
        if _UUID.fullmatch(text):
            return f"{text[:24]}{secrets.token_hex(6)}"
        return f"{text[:20]}{secrets.token_hex(4)}" if isinstance(value, str) else 2**31 - 1

    def _fix(self, operation: str, case: Any) -> None:
        body = case.body
        # The coverage phase makes no header with quotes in it: it sends 0 for a tag, and calls that valid.
        if case.headers.get("If-Match") == "0":
            case.headers["If-Match"] = '"7"'
        if not isinstance(body, dict):
            return
        if operation in _WITH_ADDRESS and isinstance(body.get("email"), str):
            email = f"fuzz-{self._task.run}-{secrets.token_hex(4)}@{self._task.domain}"
            case.body = {**body, "email": email}
        elif operation == "invalidate_cache" and "all" in body:
            case.body = {"tags": [f"user:{self._actors.victim()}"]}


def _function(method: Callable[..., None]) -> Callable[..., None]:
    """Return a method as a function: Schemathesis writes attributes to it, which a method cannot have."""

    @functools.wraps(method)
    def call(*arguments: Any) -> None:
        method(*arguments)

    return call


def _use_formats(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("x-format"), str):
            node["format"] = node["x-format"]
            node.pop("pattern", None)
        for child in node.values():
            _use_formats(child)
    elif isinstance(node, list):
        for child in node:
            _use_formats(child)


if VARIABLE in os.environ:
    Hooks(State(Path(os.environ[VARIABLE]))).install()
