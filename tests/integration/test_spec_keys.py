"""`charter spec keys` lists and explains every key that the document may have."""

import json
import re

import pytest
from click.testing import CliRunner

from app.cli import main
from app.resources import OPENAPI

SCHEMA = json.loads((OPENAPI / "extensions.schema.json").read_text(encoding="utf-8"))
KEYS = sorted(set(re.findall(r'"(x-[a-z-]+)": {', json.dumps(SCHEMA))))


def told(*words: str) -> tuple[int, str]:
    response = CliRunner().invoke(main, ["spec", "keys", *words])
    return response.exit_code, response.output


def test_every_key_has_a_line():
    code, text = told()
    assert code == 0
    assert sorted(line.split()[0] for line in text.splitlines()[1:]) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_explained_with_an_example(key: str):
    code, text = told(key)
    assert code == 0
    assert text.startswith(f"{key}\n\n")
    assert f"{key}:" in text
    assert "](" not in text
    assert told(key.removeprefix("x-")) == (code, text)


def test_an_unknown_key_is_rejected_with_the_one_that_is_meant():
    code, text = told("x-ovner")
    assert code != 0
    assert "did you mean x-owner?" in text
