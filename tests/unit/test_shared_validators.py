"""Equal schemas share a validator, until a server has started."""

import gc

from app.cli import starting
from app.spec.validation import schemas

SCHEMA = {"type": "string", "maxLength": 7}


def test_equal_schemas_share_a_validator() -> None:
    assert schemas.compile({}, SCHEMA, direction="request") is schemas.compile({}, {**SCHEMA}, direction="request")


def test_after_a_start_nobody_keeps_the_validators_that_no_operation_uses() -> None:
    before = schemas.compile({}, SCHEMA, direction="request")
    starting.end()
    gc.unfreeze()
    after = schemas.compile({}, SCHEMA, direction="request")
    assert after is not before
    assert after.is_valid("seven")
    assert not after.is_valid("too long")
