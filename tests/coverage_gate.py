"""The bar that coverage must clear, package by package, for `make prove PART=coverage` and `make coverage`.

Coverage's own `fail_under` is one number for lines and branches of everything together.
"""

import json
import sys
from pathlib import Path
from typing import Any

PACKAGES = ("app/services", "app/pipeline", "app/spec", "app/security", "app/gateway", "app/database")
LEAST_LINES = 90.0
LEAST_BRANCHES = 85.0


def shortfalls(report: dict[str, Any]) -> list[str]:
    """Return a line for each package that misses a bar, or that the report does not know.

    Args:
        report: what `coverage json` writes.
    """
    found = []
    for package in PACKAGES:
        summaries = [entry["summary"] for name, entry in report["files"].items() if name.startswith(package + "/")]
        if not summaries:
            found.append(f"{package}: not measured at all")
            continue
        lines = _share(summaries, "covered_lines", "num_statements")
        branches = _share(summaries, "covered_branches", "num_branches")
        print(f"{package:14} lines {lines:5.1f} %  branches {branches:5.1f} %")
        if lines < LEAST_LINES:
            found.append(f"{package}: {lines:.1f} % of the lines, at least {LEAST_LINES:.0f} % are asked")
        if branches < LEAST_BRANCHES:
            found.append(f"{package}: {branches:.1f} % of the branches, at least {LEAST_BRANCHES:.0f} % are asked")
    return found


def _share(summaries: list[dict[str, Any]], part: str, whole: str) -> float:
    total = sum(summary[whole] for summary in summaries)
    return 100.0 * sum(summary[part] for summary in summaries) / total if total else 100.0


if __name__ == "__main__":
    missed = shortfalls(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    for line in missed:
        print(f"coverage: {line}", file=sys.stderr)
    sys.exit(1 if missed else 0)
