"""The store of the README keeps the tokens of several processes in one file."""

import json
import subprocess
import sys
from pathlib import Path

from tests.integration.sdk_python.test_readme import samples

# Prints each kind of failure, and the rights of the file that others saw.
PROGRAM = """
import sys
store, failures = FileStore(Path("tokens.json")), set()
print("ready", flush=True)
sys.stdin.readline()
for number in range(150):
    try:
        store.save(Tokens(str(number) * 100, sys.argv[1] * 100))
        assert store.load().refresh_token in ("a" * 100, "b" * 100)
        failures.add(f"rights {store.path.stat().st_mode & 0o777:o}")
    except Exception as error:
        failures.add(type(error).__name__)
print(sorted(failures))
"""


def start(program: Path, package: Path, name: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, program.name, name],
        cwd=program.parent,
        env={"PYTHONPATH": str(package)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=0o022,
    )
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def test_two_processes_that_save_and_load_at_once_disturb_neither(package: Path, tmp_path: Path) -> None:
    store = next(sample for sample in samples() if "class FileStore" in sample).partition("\n\n\nkept = ")[0]
    program = tmp_path / "program.py"
    program.write_text(store + PROGRAM)
    both = [start(program, package, name) for name in "ab"]
    for process in both:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=60)[0] for process in both]
    assert told == ["['rights 600']\n"] * 2
    assert set(json.loads((tmp_path / "tokens.json").read_text())) == {"access_token", "refresh_token"}
    assert {path.name for path in tmp_path.iterdir()} == {"program.py", "tokens.json"}
