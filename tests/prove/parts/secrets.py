"""Changing JWT_SECRET and REFRESH_KEYS step by step, on two servers under load, fails no request."""

from pathlib import Path

from tests.prove.pair import Load, Pair, deployed
from tests.service import REFRESH_KEYS, SECRET

NEW_SECRET = "amber kettle 4 windmill amber kettle 4 windmill"
NEW_KEY = "k2:5f4dcc3b5aa765d61d8327deb882cf99b1946ac9"
OLD = {"JWT_SECRET": SECRET, "REFRESH_KEYS": REFRESH_KEYS}
# As docs/settings.md has them.
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
# All at once on one server after the other, as it must not be done.
AT_ONCE = (JWT_STEPS[1], KEY_STEPS[1])
ROUNDS = 3


def prove(place: Path) -> None:
    """Change both secrets in their steps without a failure, and see that a change without the first step has some."""
    with deployed(place / "steps") as pair:
        answers = _change(pair, *JWT_STEPS, *({**JWT_STEPS[-1], **step} for step in KEY_STEPS))
    assert answers.failures == {}, answers.failures
    print(f"{answers.answers.total()} requests through six steps on two servers: 0 failed")
    for number, step in enumerate(AT_ONCE):
        with deployed(place / f"at-once-{number}") as pair:
            answers = _change(pair, step)
        assert answers.failures, "a change in one step must fail some requests, or the load sees nothing"
        print(f"{answers.answers.total()} requests through a change in one step: {answers.failures} failed")


def _change(pair: Pair, *steps: dict[str, str]) -> Load:
    for server in (0, 1):
        pair.replace(server, **OLD)
    with Load(pair) as load:
        load.go_on(ROUNDS)
        for step in steps:
            for server in (0, 1):
                pair.replace(server, **{**OLD, **step})
                load.go_on(ROUNDS)
    return load
