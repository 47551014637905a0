"""Components that stand for those that a reference does not find: valid, and without any meaning."""

from typing import Any

from app.spec.document.places import Place

STAND_IN = "missing-part"
NOWHERE = Place("", 0)
_STAND_INS: dict[str, dict[str, Any]] = {
    "examples": {"value": None},
    "headers": {"schema": {}},
    "links": {"operationId": ""},
    "parameters": {"name": "missing", "in": "query", "schema": {}},
    "requestBodies": {"content": {"application/json": {"schema": {}}}},
    "responses": {"description": "Missing."},
    "schemas": {},
}


def stand_in(bundle: dict[str, Any], kind: str) -> str:
    """Return a reference to the stand-in of a kind of components; one to a schema for all other kinds."""
    kind = kind if kind in _STAND_INS else "schemas"
    bundle["components"].setdefault(kind, {}).setdefault(STAND_IN, dict(_STAND_INS[kind]))
    return f"#/components/{kind}/{STAND_IN}"
