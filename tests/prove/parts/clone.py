"""A fresh clone passes lint and tests as CI runs them, with nothing of this checkout."""

from pathlib import Path

from tests.prove.proof import clone, run


def prove(place: Path) -> None:
    """Clone this checkout's last commit and run `.ci/run` there, but for the set-up with other pips: part `pips`."""
    run("bash", ".ci/run", cwd=clone(place / "clone"), WITHOUT_PIPS="1")
