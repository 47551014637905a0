"""Law 1 where the document meets the code: an operation that nobody handles stops the start."""

import pytest

from app.factory import OPENAPI, read_surface
from app.policy.document import DocumentError
from app.settings import Settings


def test_every_operation_without_a_handler_is_named_at_once_with_its_file_and_line() -> None:
    operations = read_surface(Settings()).policies

    with pytest.raises(DocumentError) as refused:
        read_surface(Settings(), handlers_package="tests.surface.handlers")

    told = {str(fault) for fault in refused.value.faults}
    assert len(told) == len(operations)
    for name, policy in operations.items():
        [fault] = [text for text in told if f"operation {name} has" in text]
        assert fault.startswith(f"{policy.place}: ")
        path, line = str(policy.place).rsplit(":", 1)
        text = (OPENAPI.parent / path).read_text(encoding="utf-8").splitlines()[int(line) - 1 :]
        assert f"operationId: {name}" in "\n".join(text[:2])
        assert f"Write the function {name} in tests.surface.handlers.{policy.tag}." in fault
