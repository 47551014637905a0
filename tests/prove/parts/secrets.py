"""Changing JWT_SECRET and REFRESH_KEYS step by step, on two servers under load, fails no request."""

from pathlib import Path

from tests.prove.pair import Load, Pair, deployed
from tests.service import REFRESH_KEYS, SECRET

NEW_SECRET = "amber kettle 4 windmill amber kettle 4 windmill"
NEW_KEY = "k2:5f4dcc3b5aa765d61d8327deb882cf99b1946ac9"
OLD = {"JWT_SECRET": SECRET, "REFRESH_KEYS": REFRESH_KEYS}
# As docs/configuration.md has them.
JWT_STEPS = (
    {"JWT_SECRET": SECRET, "JWT_SECRET_PREVIOUS": NEW_SECRET},
    {"JWT_SECRET": NEW_SECRET, "JWT_SECRET_PREVIOUS": SECRET},
    {"JWT_SECRET": NEW_SECRET},
)
KEY_STEPS = (
    {"REFRESH_KEYS": f"{REFRESH_KEYS},{NEW_KEY}"},
    {"REFRESH_KEYS": f"{NEW_KEY},{REFRESH_KEYS}"},
    {"REFRESH_KEYS": NEW_KEY},
)
# Both without their first step, on one server after the other: as it must not be done.
AT_ONCE = {"JWT_SECRET": SECRET, "JWT_SECRET_PREVIOUS": NEW_SECRET, "REFRESH_KEYS": f"{REFRESH_KEYS},{NEW_KEY}"}
ROUNDS = 2


def prove(place: Path) -> None:
    """Change both secrets in their steps without a failure, and see that a change without the first step has some."""
    steps = [*JWT_STEPS, *({**JWT_STEPS[-1], **step} for step in KEY_STEPS)]
    with deployed(place) as pair:
        for server in (0, 1):
            pair.replace(server, **OLD)
        changed = _change(pair, *({**OLD, **step} for step in steps))
        assert changed.failures == {}, changed.failures
        print(f"{changed.responses.total()} requests through six steps on two servers: 0 failed")
        hurried = _change(pair, AT_ONCE)
    told = " ".join(hurried.failures)
    assert "INVALID_TOKEN" in told, "a change in one step must fail some requests, or the load sees nothing"
    assert "INVALID_REFRESH_TOKEN" in told, told
    print(f"{hurried.responses.total()} requests through a change in one step: {sum(hurried.failures.values())} failed")


def _change(pair: Pair, *steps: dict[str, str]) -> Load:
    with Load(pair) as load:
        load.go_on(ROUNDS)
        for step in steps:
            for server in (0, 1):
                pair.replace(server, **step)
                load.go_on(ROUNDS)
    return load
