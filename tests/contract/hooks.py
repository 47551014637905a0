"""What `schemathesis run` loads: the stage is set before each request, and the person who acts stays able to act.

The environment says who acts (CONTRACT_CALLER), and in which database (DATABASE_URL) or mock (CONTRACT_MOCK).
"""

import os
from typing import Any

import requests
import schemathesis
from schemathesis.generation.meta import TestPhase

from app.database import Database
from app.security.passwords import Passwords
from models.record import database as proxy
from tests.contract.fixing import fix
from tests.contract.formats import use_formats
from tests.contract.mock_stage import MockStage
from tests.contract.stage import Stage
from tests.people import PASSWORD


def _stage() -> Stage | MockStage:
    caller = os.environ["CONTRACT_CALLER"]
    if "CONTRACT_MOCK" in os.environ:
        return MockStage(os.environ["CONTRACT_MOCK"], caller)
    proxy.initialize(Database(os.environ["DATABASE_URL"], size=2))
    return Stage(caller, Passwords(15, 256, 4).hash(PASSWORD))


stage = _stage()
stage.set_for("")

_OF_ONE_RESPONSE = ("timestamp", "request_id")


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Set the stage, but not within a scenario: what that made is to be there, and what it deleted stays gone."""
    if not _in_scenario(case):
        stage.set_for(case.operation.definition.raw["operationId"])
    fix(case, stage.email, lambda: _refresh_token(case))


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Put back at once what the next request needs to sign in."""
    if case.method == "GET" or response.status_code not in (200, 201, 202, 204, 401):
        return
    if _in_scenario(case):
        stage.keep()
    else:
        stage.moved()
        stage.set_for(case.operation.definition.raw["operationId"])


@schemathesis.hook
def before_load_schema(context: Any, raw_schema: dict[str, Any]) -> None:
    """Move what no two responses have in common out of `properties`, to where it is validated alike.

    `object_level_authorization` asks whether a peer's response equals the owner's in all that `properties` names. With
    time and request id among them it never would, and nothing that leaks would be found.
    """
    use_formats(raw_schema)
    for schema in raw_schema["components"]["schemas"].values():
        if set(_OF_ONE_RESPONSE) <= set(schema.get("properties", {})):
            own = {name: schema["properties"].pop(name) for name in _OF_ONE_RESPONSE}
            schema["patternProperties"] = {f"^{name}$": part for name, part in own.items()}
            # Nothing else may be there, so this asks for them, as `required` did.
            schema["minProperties"] = len(schema["required"])
            schema["required"] = [name for name in schema["required"] if name not in own]


@schemathesis.hook
def after_load_schema(context: Any, schema: Any) -> None:
    """Leave nobody without a token; `[auth.wfc]` gives one to everybody it can."""
    if os.environ["CONTRACT_CALLER"] == "nobody":
        schema.auth.providers.clear()


def _in_scenario(case: Any) -> bool:
    return case.meta is None or case.meta.phase.name is TestPhase.STATEFUL


def _refresh_token(case: Any) -> str:
    credentials = {"email": stage.email, "password": PASSWORD}
    response = requests.post(f"{case.operation.base_url}/v1/auth/login", json=credentials, timeout=30)
    token: str = response.json()["data"]["refresh_token"]
    return token
