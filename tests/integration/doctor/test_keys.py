"""The doctor and the start of the server report keys that sessions need and the ring lacks."""

import signal

from tests.command import PRODUCTION, Server
from tests.integration.doctor.deployments import OTHER_KEY, Durable, doctor
from tests.service import REFRESH_KEYS


def test_a_live_session_without_its_key_is_told_until_the_key_is_back(url: str, durable: Durable) -> None:
    durable.session(url, "k1")
    durable.session(url, "k2")
    durable.session(url, "k3", ended=True)

    seen = doctor(DATABASE_URL=url, REDIS_URL="")

    found = seen.of("keys.ring")
    assert (found["status"], "k2 (1 session)" in found["found"], seen.exit_code) == ("failed", True, 1)
    assert "put k2 back at the end of REFRESH_KEYS" in found["fix"]
    fixed = doctor(DATABASE_URL=url, REDIS_URL="", REFRESH_KEYS=f"{REFRESH_KEYS},{OTHER_KEY}")
    assert fixed.of("keys.ring")["status"] == "ok"


def test_an_old_key_and_a_key_that_may_go_are_told(url: str, durable: Durable) -> None:
    durable.session(url, "k1", days=100)
    durable.session(url, "k2", ended=True)
    ring = f"{REFRESH_KEYS},{OTHER_KEY},k3:{'0123456789abcdef' * 3}"

    seen = doctor(DATABASE_URL=url, REDIS_URL="", REFRESH_KEYS=ring)

    assert seen.of("keys.unused")["found"].startswith("k1 signs; k2 may be removed: ")
    assert "no session uses k3" in seen.of("keys.unused")["found"]
    assert (
        seen.of("keys.age")["status"],
        seen.of("keys.age")["found"].startswith("k1 has signed refresh tokens for at least 100 days"),
    ) == ("warning", True)
    wider = doctor(DATABASE_URL=url, REDIS_URL="", REFRESH_KEYS=ring, KEY_AGE_DAYS="101")
    assert wider.of("keys.age")["status"] == "ok"


def test_the_server_warns_once_at_its_start_of_sessions_without_their_key(url: str, durable: Durable) -> None:
    durable.session(url, "k1")
    durable.session(url, "k2")
    server = Server("serve", **PRODUCTION, DATABASE_URL=url)
    server.address()
    server.wait_for("keys_lost")
    server.end(signal.SIGTERM)

    [line] = [line for line in server.lines if "keys_lost" in line]
    assert '"ids":["k2"],"sessions":1' in line
    assert "put them back" in line
