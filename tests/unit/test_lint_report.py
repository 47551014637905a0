"""How `charter spec lint` prints faults: for people by file and line, for GitHub, and with colour for a terminal."""

import click

from app.cli.spec_lint import count, github, report
from app.spec.document import Fault, Place

FAULTS = [
    Fault(Place("openapi/a.yaml", 3), "The key x is wrong.", "Remove it."),
    Fault(Place("openapi/a.yaml", 12), "100 %\nof it.", "Correct it."),
    Fault(Place("openapi/b,c.yaml", 1), "This is wrong: \x1b[2J.", "Correct it."),
]


def test_people_see_the_faults_of_each_file_together() -> None:
    lines = [click.unstyle(line) for line in report(FAULTS, [Fault(Place("openapi/z.yaml", 1), "It is odd.", "See.")])]
    assert lines == [
        "openapi/z.yaml:1: warning: It is odd. See.",
        "",
        "openapi/a.yaml:3: The key x is wrong. Remove it.",
        "openapi/a.yaml:12: 100 %\\nof it. Correct it.",
        "",
        "openapi/b,c.yaml:1: This is wrong: \\x1b[2J. Correct it.",
        "",
    ]
    assert count(FAULTS) == "3 faults in 2 files"
    assert count(FAULTS[:1]) == "1 fault in 1 file"


def test_a_terminal_gets_colour() -> None:
    [line, _] = report(FAULTS[:1])
    assert line.startswith("\x1b[1mopenapi/a.yaml:3\x1b[0m: \x1b[31mThe key x is wrong.\x1b[0m")


def test_github_gets_commands_in_which_nothing_of_a_message_is_one() -> None:
    assert list(github(FAULTS, [])) == [
        "::error file=openapi/a.yaml,line=3::The key x is wrong. Remove it.",
        "::error file=openapi/a.yaml,line=12::100 %25%0Aof it. Correct it.",
        "::error file=openapi/b%2Cc.yaml,line=1::This is wrong: \x1b[2J. Correct it.",
    ]
