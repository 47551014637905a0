"""The bar that coverage must clear."""

from tests.coverage_gate import PACKAGES, shortfalls


def _report(**odd: dict[str, int]) -> dict[str, object]:
    fair = {"covered_lines": 90, "num_statements": 100, "covered_branches": 85, "num_branches": 100}
    files = {f"{package}/a.py": {"summary": fair | odd.get(package.rpartition("/")[2], {})} for package in PACKAGES}
    return {"files": files}


def test_a_package_at_the_bar_clears_it():
    assert shortfalls(_report()) == []


def test_each_package_must_clear_both_bars_by_itself():
    missed = shortfalls(_report(pipeline={"covered_lines": 89}, gateway={"covered_branches": 84}))
    assert [line.split(":")[0] for line in missed] == ["app/pipeline", "app/gateway"]


def test_a_package_that_was_not_measured_does_not_pass():
    report = _report()
    report["files"] = {}
    assert len(shortfalls(report)) == len(PACKAGES)
