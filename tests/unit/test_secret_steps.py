"""Changing a secret in the steps of docs/configuration.md: servers one step apart accept what the other makes."""

import re
from itertools import pairwise
from pathlib import Path
from uuid import uuid4

import pytest

from app.clock import system_clock
from app.config import Config
from app.errors import AppError
from app.factory import build_cursors, build_dependencies
from app.identifiers import new_id
from tests.service import config_for

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
SECRETS = {"the old secret": "old windmill kettle " * 2, "the new secret": "new windmill kettle " * 2, "removed": ""}
SECRETS["the new one"], SECRETS["the old one"] = SECRETS["the new secret"], SECRETS["the old secret"]
NOWHERE = "postgresql://127.0.0.1:1/none"
KEYS = {"old": "old:5f4dcc3b5aa765d61d8327deb882cf99b1946ac9", "new": "new:0cc175b9c0f1b6a831c399e2697726610cc175b9"}


def rows(variable: str) -> list[list[str]]:
    """Return the cells of the table of steps that follows the name of a variable."""
    text = PAGE.read_text(encoding="utf-8").split(f"\n**`{variable}`**, in three steps:\n")[1].split("\n\n")[0].strip()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:]]


def jwt_steps() -> list[Config]:
    steps = [(SECRETS[signs], SECRETS[accepted]) for _, signs, accepted, _ in rows("JWT_SECRET")]
    return [
        config_for(DATABASE_URL=NOWHERE, JWT_SECRET=signs, JWT_SECRET_PREVIOUS=accepted)
        for signs, accepted in [(SECRETS["the old secret"], ""), *steps]
    ]


def key_steps() -> list[Config]:
    rings = [",".join(KEYS[name] for name in re.findall(r"(old|new):", ring)) for _, ring, _ in rows("REFRESH_KEYS")]
    return [config_for(DATABASE_URL=NOWHERE, REFRESH_KEYS=ring) for ring in [KEYS["old"], *rings]]


def accepts_access(makes: Config, reads: Config) -> bool:
    """Say whether one takes the access tokens and the cursors of the other."""
    issuer, reader = (build_dependencies(config, {}, clock=system_clock) for config in (makes, reads))
    token = issuer.access_tokens.issue(uuid4(), uuid4())
    cursor = build_cursors(makes).make(new_id(), b"scope")
    try:
        reader.access_tokens.read(token)
        build_cursors(reads).read(cursor, b"scope")
    except AppError:
        return False
    return True


def accepts_refresh(makes: Config, reads: Config) -> bool:
    """Say whether one takes the refresh tokens of the other, and can answer with the same again."""
    issuer, reader = (build_dependencies(config, {}, clock=system_clock).refresh_tokens for config in (makes, reads))
    token = issuer.derive(uuid4(), 1, issuer.current_key_id)
    try:
        return reader.derive(*reader.read(token)) == token
    except AppError:
        return False


@pytest.mark.parametrize(
    ("steps", "accepts"), [(jwt_steps, accepts_access), (key_steps, accepts_refresh)], ids=["jwt", "keys"]
)
def test_servers_one_step_apart_accept_each_other_and_a_step_left_out_is_noticed(steps, accepts):
    before, accepted, signs, after = steps()

    for one, other in pairwise((before, accepted, signs)):
        assert accepts(one, other)
        assert accepts(other, one)
    assert accepts(after, signs)
    assert not accepts(signs, before)
    assert not accepts(before, after)
