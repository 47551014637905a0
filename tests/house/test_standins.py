"""tests/standins.py says of every path parameter what it stands for, and what to add when one is new."""

import pytest

from app.spec.operation import operations
from tests.document import DOCUMENT
from tests.standins import TABLE, stand_in

PARAMETERS = sorted({name for one in operations(DOCUMENT) for name in one.path_parameters})


@pytest.mark.parametrize("name", PARAMETERS)
def test_every_path_parameter_of_the_document_has_a_line(name: str) -> None:
    assert stand_in(name).gone


def test_every_line_is_of_a_path_parameter_of_the_document() -> None:
    old = sorted(TABLE.keys() - set(PARAMETERS))
    assert old == [], f"The document has no path parameters {old}. Delete their lines of TABLE in tests/standins.py."


def test_a_new_path_parameter_is_told_which_line_to_add_and_where() -> None:
    with pytest.raises(AssertionError) as caught:
        stand_in("project_id")

    assert str(caught.value) == (
        "The tests have no value for the path parameter {project_id}.\n"
        "Add this line to TABLE in tests/standins.py, with a function that makes such a thing "
        "and returns its id or name:\n"
        '\n    "project_id": StandIn(there=lambda owner: ..., gone=NO_IDS),\n'
    )
