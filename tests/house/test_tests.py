"""No test passes for want of an assertion, waits by the clock for what it can drive, or keeps the day of its import."""

import ast
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from tests.house.repository import check, files, shown

# Beside `assert`: pytest's own, and functions of ours that assert.
ASSERTING = ("raises", "warns", "fail", "assert_", "expect", "check", "until", "refused", "data")


def _asserts(node: ast.AST, asserting: Collection[str]) -> bool:
    for part in ast.walk(node):
        if isinstance(part, ast.Assert):
            return True
        if isinstance(part, ast.Call):
            name = part.func.attr if isinstance(part.func, ast.Attribute) else getattr(part.func, "id", "")
            if name.startswith(ASSERTING) or name in asserting:
                return True
    return False


def _silent(path: Path) -> list[str]:
    """Return the tests of a file that assert nothing, neither themselves nor through a function of the same file."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    asserting = {node.name for node in functions if not node.name.startswith("test_") and _asserts(node, ())}
    tests = [node for node in functions if node.name.startswith("test_")]
    return [f"{shown(path)}:{test.lineno} {test.name}" for test in tests if not _asserts(test, asserting)]


def test_every_test_asserts_something():
    silent = [line for path in files("tests/**/test_*.py") for line in _silent(path)]
    check(silent, "Add an assertion to these tests, or call a function whose name begins with one of ASSERTING.")


def test_no_test_is_skipped_or_expected_to_fail_without_a_reason():
    quiet = []
    for path in files("tests/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("skip", "skipif", "xfail"):
                line = path.read_text(encoding="utf-8").splitlines()[node.lineno - 1]
                if "reason" not in line and "(" not in line:
                    quiet.append(f"{shown(path)}:{node.lineno}")
    check(quiet, "Give a reason to these: pytest.mark.skip(reason=...).")


def test_no_test_replaces_our_own_code():
    mocking = [
        f"{shown(path)}: {node.module}"
        for path in files("tests/**/*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("unittest.mock", "pytest_mock"))
    ]
    check(mocking, "Use the real thing or a parameter in its place: our own code is not mocked.")


def test_no_test_watches_or_ends_the_connections_of_another_tests_database():
    """The tests of several processes share one server, and their databases have the same object ids."""
    wide = [
        f"{shown(path)}:{node.lineno}"
        for path in files("tests/**/*.py")
        if path.name != Path(__file__).name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant | ast.JoinedStr)
        and re.search(r"FROM (pg_stat_activity|pg_locks)\b", text := ast.unparse(node))
        and not re.search(r"\bdatname\b|pg_current_xact_id|pg_backend_pid", text)
    ]
    check(wide, "Add datname = current_database() to the conditions of these queries.")


def test_the_wide_limits_are_written_once():
    copies = [
        shown(path)
        for path in files("tests/*.py")
        if re.search(r'f"LIMIT_[{]', path.read_text(encoding="utf-8")) and shown(path) != "tests/limits.py"
    ]
    check(copies, "Take the variables from WIDE_LIMITS of tests/limits.py.")


_CLOCK = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.time|coming_month|this_month)\b")


def _evaluated_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and what is in it, but for what only runs when a function is called."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        parts = [*node.decorator_list, *node.args.defaults, *(default for default in node.args.kw_defaults if default)]
    elif isinstance(node, ast.Lambda):
        parts = []
    else:
        yield node
        parts = list(ast.iter_child_nodes(node))
    for part in parts:
        yield from _evaluated_on_import(part)


def test_no_test_reads_the_clock_before_it_runs():
    """The month, and with it the partitions of the trail, may end between the import of a test and its run."""
    early = [
        f"{shown(path)}:{node.lineno}"
        for path in files("tests/*.py")
        for node in _evaluated_on_import(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and _CLOCK.search(ast.unparse(node.func))
    ]
    check(early, "Read the clock in the test or in a fixture of it, not when the module is imported.")
