"""Before it stops: what health says, and how long by which setting."""

import threading

import pytest

from app.config import ConfigError
from app.services import health
from app.services.health import Probes, begin_draining, check
from tests.service import config_for


def test_health_is_an_error_once_the_process_drains_and_the_checks_stay_true(monkeypatch):
    monkeypatch.setattr(health, "_draining", threading.Event())
    probes = Probes(database=lambda: True, cache=lambda: True)
    assert check(probes).status == "ok"
    begin_draining()
    found = check(probes)
    assert (found.status, found.database, found.cache) == ("error", True, True)


@pytest.mark.parametrize(
    ("kind", "given", "seconds"),
    [("production", "", 7), ("development", "", 0), ("test", "auto", 0), ("production", "0", 0), ("test", "3", 3)],
)
def test_a_drain_takes_as_long_as_the_setting_says(kind, given, seconds):
    config = config_for(
        DATABASE_URL="postgresql:///", CHARTER_ENV=kind, DRAIN_SECONDS=given, BCRYPT_COST="10", LOG_LEVEL="info"
    )
    assert config.drain == seconds


@pytest.mark.parametrize("given", ["-1", "601", "soon", "1.5"])
def test_what_is_no_time_to_drain_is_refused(given):
    with pytest.raises(ConfigError, match="DRAIN_SECONDS must be a whole number from 0 to 600 or auto"):
        config_for(DATABASE_URL="postgresql:///", DRAIN_SECONDS=given)
