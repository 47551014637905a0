"""Schemathesis: generated requests in all its phases, as nobody, as an account without rights, and as an admin."""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from app.contract_kit import fuzz
from app.contract_kit.exchange import Request
from app.contract_kit.fuzz.configuration import configuration
from app.contract_kit.fuzz.state import VARIABLE, State, Task
from app.contract_kit.kit import Kit
from app.contract_kit.ledger import Entry
from app.contract_kit.people import DOMAIN
from app.contract_kit.results import Failure

PHASES = "examples,coverage,fuzzing,stateful"
CALLERS = ("nobody", "peer", "admin")
_LONGEST_MESSAGE = 1200
# What a caller may try, or `--skip` leaves, can be without a link: then there is no chain of requests, and no fault.
_NO_LINKS = "Missing Open API links"


def is_installed() -> bool:
    """Return whether Schemathesis is there."""
    return importlib.util.find_spec("schemathesis") is not None


def missing() -> str:
    """Say how Schemathesis is installed where it is missing."""
    wanted = "schemathesis"
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        needed = importlib.metadata.requires("charter") or ()
        wanted = next((one.partition(";")[0].strip() for one in needed if one.startswith(wanted)), wanted)
    return f"the check `fuzz` needs Schemathesis: pip install '{wanted}', or choose other checks with --only"


def check(kit: Kit) -> None:
    """Run Schemathesis as each caller."""
    for caller in CALLERS:
        with tempfile.TemporaryDirectory(prefix="charter-contract-") as name:
            _run(kit, caller, Path(name))


def _run(kit: Kit, caller: str, folder: Path) -> None:
    people, state = kit.people, State(folder)
    maker = people.make("maker", role="admin")
    role = {"nobody": "", "peer": people.bare_role, "admin": "admin"}[caller]
    trusted = kit.client.address.ca_file
    state.write(
        Task(kit.url, kit.run, caller, (maker.email, maker.password), role, people.bare_role, DOMAIN, trusted)
    )  # fmt: skip
    document = folder / "openapi.json"
    document.write_text(json.dumps(kit.document.source), encoding="utf-8")
    settings = folder / "schemathesis.toml"
    settings.write_text(configuration(kit.document, ca_file=trusted), encoding="utf-8")
    words = [sys.executable, "-W", "ignore", "-m", "schemathesis.cli", "--config-file", str(settings)]
    words += ["run", str(document), "--url", kit.url, "--no-color", "--checks", "all", "--continue-on-failure"]
    words += ["--phases", PHASES, "--generation-database", "none", "--seed", str(kit.seed)]
    words += ["--max-examples", str(kit.options.examples)]
    words += ["--report", "junit", "--report-junit-path", str(folder / "junit.xml")]
    if caller == "nobody":
        words += ["--include-by", "/x-public == true"]
    for skipped in sorted(kit.skipped):
        words += ["--exclude-operation-id", skipped]
    try:
        printed = _ended(kit, words, folder)
    finally:
        _note(kit, state, caller)
    _read(kit, caller, folder / "junit.xml", printed)


def _ended(kit: Kit, words: list[str], folder: Path) -> str:
    """Run it to its end, or end it when the run is to stop; return what it printed."""
    # The folder that has this package, so that the other process finds the same one.
    root = str(Path(fuzz.__path__[0]).parents[fuzz.__name__.count(".")])
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "SSL_CERT_FILE") if name in os.environ}
    variables = {**inherited, VARIABLE: str(folder), "SCHEMATHESIS_HOOKS": f"{fuzz.__name__}.hooks", "PYTHONPATH": root}
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            words, cwd=folder, env=variables, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )  # fmt: skip
        try:
            while process.poll() is None:
                kit.client.wait(0.2)
        finally:
            if process.poll() is None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(10)
                process.kill()
                process.wait()
    return (folder / "output").read_text(encoding="utf-8", errors="replace")


def _note(kit: Kit, state: State, caller: str) -> None:
    """Have everything removed that was made, and count what was seen."""
    for made in state.everything_made():
        if made["kind"] == "address":
            kit.people.registered.add(made["target"])
        else:
            request = Request("DELETE", made["target"], operation=made["operation"] or _deleting(kit, made["target"]))
            if not kit.ledger.owns(request.target):
                kit.ledger.add(Entry(made["kind"], made["target"], request if request.operation else None))
    for operation, status, code, count in state.seen():
        kit.results.seen[operation, caller, kit.check, status, code] += count


def _deleting(kit: Kit, target: str) -> str | None:
    parent = target.rpartition("/")[0]
    for operation in kit.document:
        if operation.method == "DELETE" and operation.path.count("/") == target.count("/"):
            pairs = zip(operation.path.rpartition("/")[0].split("/"), parent.split("/"), strict=True)
            if all(left == right or left.startswith("{") for left, right in pairs):
                return operation.name
    return None


def _read(kit: Kit, caller: str, path: Path, printed: str) -> None:
    """Read the report: a failure of each kind for each operation."""
    if not path.exists():
        kit.expect(False, f"Schemathesis did not run as {caller}: {printed.strip()[-600:]}")
        return
    names = {f"{operation.method} {operation.path}": operation.name for operation in kit.document}
    for case in ElementTree.parse(path).iter("testcase"):  # noqa: S314  # our own process wrote it
        operation = names.get(case.get("name", ""), "")
        problems = [problem for problem in _problems(case) if _NO_LINKS not in problem]
        kit.expect(True, "", operation=operation)
        for message in problems:
            text, _, curl = message.partition("Reproduce with:")
            failure = Failure(kit.check, operation, caller, text.strip()[:_LONGEST_MESSAGE], curl.strip())
            kit.results.failures.append(failure)


def _problems(case: ElementTree.Element) -> Iterator[str]:
    for kind in ("failure", "error"):
        for element in case.iter(kind):
            yield "\n".join(filter(None, (element.get("message"), element.text))) or "failed"
