"""The mistakes of the proof `mutants` fit the code: each replaces a text that its file has once."""

import pytest

from tests.house.repository import ROOT
from tests.prove.mutants import access, exchange, stored
from tests.prove.mutants.mutant import Mutant

MUTANTS = [*access.MUTANTS, *exchange.MUTANTS, *stored.MUTANTS]
IN_FILES = [mutant for mutant in MUTANTS if not mutant.is_sql]


@pytest.mark.parametrize("mutant", IN_FILES, ids=lambda mutant: mutant.name)
def test_the_text_that_a_mutant_replaces_is_in_its_file_once(mutant: Mutant) -> None:
    text = (ROOT / mutant.place).read_text(encoding="utf-8")

    assert text.count(mutant.right) == 1, f"{mutant.place}: change the mutant with the code"
