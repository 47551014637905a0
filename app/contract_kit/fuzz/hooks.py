"""What `schemathesis run` loads: requests reach only what the run has made, and whoever acts stays able to.

The task is in the folder that the environment names.
"""

import atexit
import os
import re
import secrets
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies
from schemathesis.generation import GenerationMode

from app.contract_kit.exchange import Request, Response
from app.contract_kit.fuzz.actors import Actors
from app.contract_kit.fuzz.state import VARIABLE, State

state = State(Path(os.environ[VARIABLE]))
task = state.task()
actors = Actors(task, state)
seen: Counter[tuple[str, int, str]] = Counter()

_LINES = strategies.text(strategies.characters(exclude_categories=["C", "Zl", "Zp"]))
_ENDING = {"logout", "change_password", "delete_user", "suspend_user", "revoke_session", "set_user_role"}
_OF_ONE_RESPONSE = ("timestamp", "request_id")
# Bodies of these name an account that is to be made, changed or tried.
_WITH_ADDRESS = {"register", "create_user", "update_user", "login"}

schemathesis.openapi.format("time-zone", strategies.sampled_from(["Europe/London", "Asia/Kolkata", "UTC"]))
schemathesis.openapi.format("web-url", strategies.sampled_from(["https://a.example", "http://[::1]:80/b?c#d"]))
for lines in ("single-line", "multi-line"):
    schemathesis.openapi.format(lines, _LINES)


if task.role:

    @schemathesis.auth(refresh_interval=None)
    class Token:
        """The access token of whoever acts."""

        def get(self, case: Any, context: Any) -> str:
            """Return the token."""
            return actors.acting().token or ""

        def set(self, case: Any, data: str, context: Any) -> None:
            """Put it into a request."""
            case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_load_schema(_: Any, raw_schema: dict[str, Any]) -> None:
    """Name Charter's formats where Schemathesis looks for them, and set apart what no two responses have in common."""
    _use_formats(raw_schema)
    for schema in raw_schema.get("components", {}).get("schemas", {}).values():
        if set(_OF_ONE_RESPONSE) <= set(schema.get("properties", {})):
            own = {name: schema["properties"].pop(name) for name in _OF_ONE_RESPONSE}
            schema["patternProperties"] = {f"^{name}$": part for name, part in own.items()}
            schema["minProperties"] = len(schema.get("required", ()))
            schema["required"] = [name for name in schema.get("required", ()) if name not in own]


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


@schemathesis.hook
def before_call(_: Any, case: Any, __: dict[str, Any]) -> None:
    """Keep a request to what the run has made."""
    operation = case.operation.definition.raw["operationId"]
    if case.method != "GET":
        for name, value in list((case.path_parameters or {}).items()):
            if str(value) not in actors.own:
                case.path_parameters[name] = _own(name, value)
    if case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE:
        _fix(operation, case)
    key = "address" if not task.role else actors.acting().id
    actors.client.wait(actors.client.pace.seconds_to_wait(key, operation))


def _own(name: str, value: Any) -> Any:
    if name == "user_id":
        return actors.victim()
    if name == "role_name":
        return actors.role()
    if name == "key":
        return "no.such.key"
    text = str(value)
    # Nothing has this value: an identifier, a number or a name keeps its form.
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        return f"{text[:24]}{secrets.token_hex(6)}"
    return f"{text[:20]}{secrets.token_hex(4)}" if isinstance(value, str) else value


def _fix(operation: str, case: Any) -> None:
    body = case.body
    if case.headers.get("If-Match") == "0":
        case.headers["If-Match"] = '"7"'
    if not isinstance(body, dict):
        return
    if operation in _WITH_ADDRESS and isinstance(body.get("email"), str):
        case.body = {**body, "email": f"fuzz-{task.run}-{secrets.token_hex(4)}@{task.domain}"}
    elif operation == "invalidate_cache" and "all" in body:
        case.body = {"tags": [f"user:{actors.victim()}"]}


@schemathesis.hook
def after_call(_: Any, case: Any, response: Any) -> None:
    """Note what was made, what is gone, and what was seen."""
    operation = case.operation.definition.raw["operationId"]
    headers = tuple((name.lower(), values[0]) for name, values in response.headers.items())
    found = Response(Request(case.method, "", operation=operation), response.status_code, headers, response.content, 0)
    seen[operation, found.status, found.code or ""] += 1
    actors.client.pace.learn("address" if not task.role else actors.acting().id, operation, found)
    location = found.header("location")
    if found.status == 201 and location:
        kind = {"create_user": "account", "create_role": "role"}.get(operation, "resource")
        actors.note(kind, location, "")
    elif found.ok and operation == "register" and isinstance(case.body, dict):
        state.made("address", str(case.body.get("email", "")))
    if found.ok and case.method != "GET":
        if case.method == "DELETE" or operation == "suspend_user":
            for value in (case.path_parameters or {}).values():
                actors.gone(str(value))
        if operation in _ENDING:
            actors.ended()


@atexit.register
def _write() -> None:
    state.saw([[*key, count] for key, count in seen.items()])
