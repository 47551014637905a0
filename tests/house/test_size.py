"""`make size` measures what is there."""

import ast
import re

from tests.house.repository import ROOT
from tests.house.size import ROOMS, code_lines, functions, report


def test_blanks_comments_and_docstrings_are_no_code():
    text = '"""Doc.\n\nMore."""\n\n# why\nX = """a\n\n# b"""\n\n\ndef f():\n    """Doc."""\n    return 1  # one\n'
    assert code_lines(text, ast.parse(text)) == {6, 8, 11, 13}


def test_a_known_function_is_measured_by_its_qualified_name():
    found = {item.name.split(" ")[1]: item.lines for item in functions(ROOT / "app" / "addresses.py")}
    assert found["is_address"] == 3
    inner = {item.name.split(" ")[1] for item in functions(ROOT / "app" / "services" / "probes.py")}
    assert {"build_probes", "build_probes.database"} <= inner


def test_the_report_names_every_room_and_what_is_longest_in_it():
    tables = report().split("\n\n")
    assert [line.split()[0] for line in tables[0].splitlines()] == ["room", *ROOMS, "all"]
    sums = [int(line.split()[2]) for line in tables[0].splitlines()[1:]]
    assert sums[-1] == sum(sums[:-1])
    assert len(tables) == 5
    for table in tables[1:]:
        rows = [re.fullmatch(r"(\S+?)(:\d+ \S+)? +(\d+)", line) for line in table.splitlines()[1:]]
        assert all(row and (ROOT / row[1]).is_file() for row in rows), table
        lengths = [int(row[3]) for row in rows if row]
        assert lengths == sorted(lengths, reverse=True)
    assert [bool(re.search("^tests/", table, re.MULTILINE)) for table in tables[1:]] == [False, False, True, True]
