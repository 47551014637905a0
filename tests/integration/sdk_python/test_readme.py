"""Every sample of the README of the package runs, in its order."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests import prism
from tests.integration.sdk_python.conftest import LAYER
from tests.people import People
from tests.service import Service

SAMPLES = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def samples() -> list[str]:
    return SAMPLES.findall((LAYER / "README.md").read_text(encoding="utf-8"))


def test_every_sample_runs(
    sdk: Any, service: Service, people: People, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    assert people.ada.email == "ada@example.com"
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, sample in enumerate(samples()):
        code = compile(
            sample.replace("https://accounts.example.com", prism.address_of(service.url)), f"sample {number}", "exec"
        )
        exec(code, names)
    names["client"].close()
    names["kept"].close()
    told = capsys.readouterr().out
    for part in ("ada@example.com Ada", "still the same", "EMAIL_TAKEN"):
        assert part in told
    assert (tmp_path / "tokens.json").stat().st_mode & 0o777 == 0o600
