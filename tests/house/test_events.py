"""The list of events and the command: what the command leaves in the audit trail is listed as its own."""

import re

from app.pipeline.contract import OPENAPI
from app.spec.events import load_events
from tests.house.repository import check, files

# An event's name where the command gives one: `action = "user.verified"`, `act("user.created", …)`.
NAMED = re.compile(r"""(?:action(?:: str)? ?= ?|\b(?:act|action|record)\(\s*)["']([a-z_]+\.[a-z_]+)["']""")


def test_every_event_of_the_command_is_listed_as_its_own_and_no_other_is():
    left = {name for path in files("app/cli/*.py") for name in NAMED.findall(path.read_text(encoding="utf-8"))}
    own = {name for name, event in load_events(OPENAPI / "events.yaml").items() if event.by_command}
    assert left >= {"user.created", "user.verified"}
    add = "Add a line `name: {description: …, by: cli}` to openapi/events.yaml for each of these events of app/cli."
    check(sorted(left - own), add)
    check(
        sorted(own - left),
        "app/cli leaves no such events: delete their lines, or their `by: cli`, in openapi/events.yaml.",
    )
