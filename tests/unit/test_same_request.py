"""What two requests under one Idempotency-Key may differ in: how the same content is spelt, and nothing else."""

from typing import Any

import pytest

from app.pipeline.steps.idempotency import canonical_json
from app.spec.validation.json_body import parse


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"a": 1, "b": [true]}', b'{"b":[true],"a":1.0}'),
        (b'{"a": [{"n": 100}]}', b'{"a": [{"n": 1e2}]}'),
        (b"0", b"-0.0"),
        (b'"\\u00e9"', '"é"'.encode()),
    ],
)
def test_the_same_content_is_the_same_request(one: bytes, other: bytes) -> None:
    assert canonical_json(parse(one)) == canonical_json(parse(other))


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (1, "1"), (0, False), (1, 1.5), ([], {}), (None, "null"), ("", None)]
)
def test_other_content_is_another_request(one: Any, other: Any) -> None:
    assert canonical_json([one]) != canonical_json([other])
