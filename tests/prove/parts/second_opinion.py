"""oasdiff agrees with `charter spec diff` on what breaks clients, but for what is written down with its reason."""

import json
from pathlib import Path
from typing import Any

from app import resources
from app.spec.diff import RULES, Severity
from app.spec.document import load
from app.spec.released import releases
from tests.diffs.all import EDITS
from tests.diffs.document import DOCUMENT
from tests.prove import pins
from tests.prove.disagreements import BREAKING_FOR_THEM, BREAKING_FOR_US
from tests.prove.tools import fetch_go, told

# oasdiff's levels: 1 is information, 2 a warning, 3 an error. It warns of what may break clients.
_MAY_BREAK = 2


def prove(place: Path) -> None:
    """Have oasdiff judge each change of the table, and what has changed since the newest release."""
    oasdiff = fetch_go(place, pins.OASDIFF)
    _check_release(oasdiff, place)
    unlisted, met = [], set()
    for edit in EDITS:
        theirs = _judge(oasdiff, place, DOCUMENT, edit.applied(DOCUMENT))
        ours = [rule for rule in edit.rules if RULES[rule].severity is Severity.BREAKING]
        if bool(ours) == bool(theirs):
            continue
        reasons, found = (BREAKING_FOR_US, ours) if ours else (BREAKING_FOR_THEM, theirs)
        known = [rule for rule in found if rule in reasons]
        met |= set(known)
        if known != found:
            unlisted.append(f"{edit.name}: breaking for {'us' if ours else 'them'} only ({', '.join(found)})")
    stale = sorted((BREAKING_FOR_US.keys() | BREAKING_FOR_THEM.keys()) - met)
    assert not unlisted, "oasdiff disagrees:\n" + "\n".join(unlisted)
    assert not stale, f"oasdiff agrees by now: remove {', '.join(stale)} from tests/prove/disagreements.py"
    print(f"{len(EDITS)} changes; oasdiff sees {len(met)} rules differently, each with a reason")


def _check_release(oasdiff: Path, place: Path) -> None:
    """Check that oasdiff finds nothing that breaks clients of the newest release, unless the first number has risen."""
    for release in releases(resources.OPENAPI / "released")[-1:]:
        present = load(resources.OPENAPI / "openapi.yaml").bundle
        if int(present["info"]["version"].partition(".")[0]) > release.version[0]:
            continue
        theirs = _judge(oasdiff, place, json.loads(release.path.read_bytes()), present)
        unlisted = [rule for rule in theirs if rule not in BREAKING_FOR_THEM]
        assert not unlisted, f"the document breaks clients of {release.path.stem}: {', '.join(unlisted)}"
        print(f"nothing in the document breaks clients of {release.path.stem}")


def _judge(oasdiff: Path, place: Path, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return the rules of oasdiff by which a change may break clients."""
    for name, document in (("old.json", old), ("new.json", new)):
        (place / name).write_text(json.dumps(document), encoding="utf-8")
    done = told([oasdiff, "breaking", "--flatten-allof", "--format", "json", "old.json", "new.json"], place)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout) if done.stdout.strip() else []
    return sorted({change["id"] for change in found or () if change["level"] >= _MAY_BREAK})
