"""Redocly CLI goes through the journeys with both gateways and the mock, and notices when a server breaks a promise."""

import json
import shutil
from pathlib import Path

from app.mock.people import PASSWORD as MOCK_PASSWORD
from tests.prove import pins
from tests.prove.proof import CHARTER, ROOT, run
from tests.prove.quick_start import PASSWORD, mocked, served
from tests.prove.tools import fetch_node, told

_QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
# A mistake in a handler, and the steps that must fail then.
_MISTAKES = (
    (
        "users.py",
        "    users.delete(context, user_id)\n",
        "    return None\n",
        {"account_life": "gone", "optimistic_update": "not_deleted"},
    ),
    (
        "profiles.py",
        "profiles.replace(context, ",
        'profiles.replace(__import__("dataclasses").replace(context, expected_version=None), ',
        {"optimistic_update": "too_late"},
    ),
)
_Steps = dict[str, str]


def prove(place: Path) -> None:
    """Run the journeys against servers that keep their promises and the mock, then against servers that do not."""
    redocly = fetch_node(place, pins.REDOCLY) / "redocly"
    run(*CHARTER, "spec", "journeys", "--output", str(place / "journeys"))
    for gateway in ("compiled", "connexion"):
        steps, failed = _walked(redocly, place, ROOT, gateway)
        assert not failed, f"journeys through the {gateway} gateway fail: {failed}"
        print(f"{gateway} gateway: {steps} steps", flush=True)
    with mocked(place) as url:
        steps, failed = _requested(redocly, place, url, MOCK_PASSWORD)
    assert not failed, f"journeys through the mock fail: {failed}"
    print(f"mock: {steps} steps", flush=True)
    for file, right, wrong, expected in _MISTAKES:
        steps, failed = _walked(redocly, place, _with_mistake(place, file, right, wrong), "compiled")
        assert failed == expected, f"with `{wrong.strip()}` in handlers/{file}, the journeys fail at {failed}"
        print(f"noticed, as it must be: {wrong.strip()} in handlers/{file}", flush=True)


def _with_mistake(place: Path, file: str, right: str, wrong: str) -> Path:
    """Return a folder whose handlers have a mistake: a server that is started there finds them before the others."""
    folder = place / f"mistake_in_{file}"
    shutil.copytree(ROOT / "handlers", folder / "handlers", ignore=shutil.ignore_patterns("__pycache__"))
    handler = folder / "handlers" / file
    text = handler.read_text(encoding="utf-8")
    assert right in text, f"handlers/{file} has no `{right.strip()}` any more"
    handler.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    return folder


def _walked(redocly: Path, place: Path, folder: Path, gateway: str) -> tuple[int, _Steps]:
    """Run the journeys against a server that is started in a folder; see `_requested`."""
    with served(place / f"server_{folder.name}_{gateway}", cwd=folder, CHARTER_GATEWAY=gateway) as url:
        return _requested(redocly, place, url, PASSWORD)


def _requested(redocly: Path, place: Path, url: str, password: str) -> tuple[int, _Steps]:
    """Run the journeys against a server; return how many steps passed, and which failed."""
    report = place / "report.json"
    report.unlink(missing_ok=True)
    words = ["--server", f"api={url}", "--json-output", str(report)]
    for name, value in (("run", "proof"), ("admin_email", "admin@example.com"), ("admin_password", password)):
        words += ["--input", f"{name}={value}"]
    files = sorted((place / "journeys").glob("*.arazzo.yaml"))
    done = told([redocly, "respect", *files, *words], place, _QUIET)
    assert report.is_file(), f"{done.stdout}\n{done.stderr}"
    journeys = [file["executedWorkflows"][0] for file in json.loads(report.read_bytes())["files"].values()]
    passed = [step for journey in journeys for step in journey["executedSteps"] if step["status"] == "success"]
    failed = {
        journey["workflowId"]: str(step["stepId"])
        for journey in journeys
        for step in journey["executedSteps"]
        if step["status"] != "success"
    }
    assert bool(failed) == bool(done.returncode), f"{done.stdout}\n{done.stderr}"
    return len(passed), failed
