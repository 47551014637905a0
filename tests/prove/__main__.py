"""The proofs that need more than Python or take long: `make prove`, or some with `make prove PART="walk redocly"`.

Each module of `parts/` is one part: its `prove` takes a folder of its own and raises when something is not as promised.
Each prints what it does and how it ended. What a missing tool keeps from running is said loudly, and is no success:
the last line counts it.
"""

import argparse
import importlib
import pkgutil
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.prove import parts
from tests.prove.proof import Skipped

Part = Callable[[Path], None]


def known_parts() -> dict[str, Part]:
    """Return every part by its name, in the order in which they run."""
    names = sorted(module.name for module in pkgutil.iter_modules(parts.__path__))
    return {name: importlib.import_module(f"{parts.__name__}.{name}").prove for name in names}


def run_parts(chosen: Mapping[str, Part]) -> dict[str, str]:
    """Run parts one after the other, whatever becomes of each; return passed, failed or skipped by name."""
    outcomes = {}
    for name, prove in chosen.items():
        about = (sys.modules[prove.__module__].__doc__ or "").splitlines()[0]
        print(f"\n== {name}: {about}", flush=True)
        started, used = time.monotonic(), _processor_seconds()
        with tempfile.TemporaryDirectory(prefix="charter-prove-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o711)
            outcomes[name] = _outcome(prove, Path(folder))
        seconds, used = time.monotonic() - started, _processor_seconds() - used
        print(f"== {name}: {outcomes[name]} in {seconds:.0f} s, with {used:.0f} s of processor time", flush=True)
    return outcomes


def _processor_seconds() -> float:
    """Return what this process and its ended children have used."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _outcome(prove: Part, folder: Path) -> str:
    try:
        prove(folder)
    except Skipped as reason:
        print(f"!! SKIPPED: {reason}")
        return "skipped"
    except (AssertionError, subprocess.CalledProcessError) as error:
        print(f"!! FAILED: {error}")
        return "failed"
    except Exception as error:  # noqa: BLE001 (a verdict on this part; the others still run)
        traceback.print_exc()
        print(f"!! FAILED: the part itself broke: {error}")
        return "failed"
    return "passed"


def main() -> int:
    """Run the parts named, or all; return 0 when none failed."""
    known = known_parts()
    reader = argparse.ArgumentParser(prog="make prove", description="Run long proofs.")
    reader.add_argument("parts", nargs="*", metavar="PART", help=f"one of: {', '.join(known)}; none means all")
    wanted = reader.parse_args().parts
    if unknown := [name for name in wanted if name not in known]:
        reader.error(f"there is no part {', '.join(unknown)}; choose from: {', '.join(known)}")
    outcomes = run_parts({name: known[name] for name in wanted or known})
    print()
    for name, outcome in outcomes.items():
        print(f"{outcome:8} {name}")
    counts = {kind: list(outcomes.values()).count(kind) for kind in ("passed", "failed", "skipped")}
    print(", ".join(f"{count} {kind}" for kind, count in counts.items()))
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
