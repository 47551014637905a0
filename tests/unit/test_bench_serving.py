"""Every program of the bench asks for an application that it can have."""

import ast
from pathlib import Path

from tests.bench.serving import APPLICATIONS

BENCH = Path(__file__).resolve().parents[1] / "bench"


def test_each_application_that_is_asked_for_is_there_and_each_is_asked_for() -> None:
    asked = set()
    for path in BENCH.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.List | ast.Tuple):
                words = [word.value if isinstance(word, ast.Constant) else None for word in node.elts]
                if "tests.bench.serving" in words:
                    asked.add(words[words.index("tests.bench.serving") + 1])
    # tests.bench.limits asks for the constant by a variable.
    assert asked - {None} | {"constant"} == set(APPLICATIONS)
