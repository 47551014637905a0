"""The server of `charter contract --start`: what it takes from the environment, and what if it does not start."""

from pathlib import Path

import pytest

from app.cli.contract_server import started, variables
from app.cli.errors import UNAVAILABLE, CommandError
from app.config import Config


def test_nothing_of_another_deployment_is_used(tmp_path: Path) -> None:
    given = {"PATH": "/bin", "SHOP_KEY": "abc", "CHARTER_GATEWAY": "connexion"}
    foreign = {
        "DATABASE_URL": "postgresql://production",
        "REDIS_URL": "redis://production",
        "CHARTER_ENV": "production",
    }
    made = variables({**given, **foreign, "LIMIT_LOGIN": "1/60", "PUBLIC_URL": "https://a.example"}, tmp_path, "secret")

    assert {name: made[name] for name in given} == given
    assert not {"DATABASE_URL", "REDIS_URL", "PUBLIC_URL"} & set(made)
    config = Config.from_environment({**made, "DATABASE_URL": "postgresql:///x"})
    assert (config.env, config.state_dir, config.admin_password) == ("test", tmp_path, "secret")
    # Those of accounts are used up, those of an address are not in the way.
    assert (made["LIMIT_READ"], made["LIMIT_LOGIN"]) == ("900/60", "100000/60")


def test_a_server_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHARTER_GATEWAY", "moon")
    log = tmp_path / "server.log"
    with pytest.raises(CommandError) as told, started(log):
        pass
    assert told.value.exit_code == UNAVAILABLE
    assert [line for line in told.value.lines if "CHARTER_GATEWAY" in line and "moon" in line]
    assert "moon" in log.read_text(encoding="utf-8")
