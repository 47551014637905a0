"""`charter spec journeys`, run as a person runs it."""

from pathlib import Path

import orjson
import yaml
from click.testing import CliRunner

from app.cli import main
from tests.document import DOCUMENT


def test_the_workflows_are_written_beside_the_bundle_that_they_are_about(tmp_path: Path) -> None:
    folder = tmp_path / "some" / "folder"
    done = CliRunner().invoke(main, ["spec", "journeys", "--output", str(folder)])

    assert done.exit_code == 0, done.output
    assert sorted(done.output.splitlines()) == sorted(map(str, folder.iterdir()))
    assert orjson.loads((folder / "openapi.json").read_bytes()) == DOCUMENT.bundle
    written = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in folder.glob("*.arazzo.yaml")]
    assert len(written) == 4
    for arazzo in written:
        assert (arazzo["arazzo"], arazzo["sourceDescriptions"][0]["url"]) == ("1.0.1", "openapi.json")


def test_a_folder_must_be_named() -> None:
    done = CliRunner().invoke(main, ["spec", "journeys"])
    assert (done.exit_code, "--output" in done.output) == (2, True)
