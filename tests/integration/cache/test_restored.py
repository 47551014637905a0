"""After the restore of a backup, the documented statements end every session and invalidate the cache."""

import re

from app.database import run
from tests.house.repository import ROOT
from tests.integration.cache.conftest import Profile
from tests.service import Service


def test_nothing_from_after_the_backup_is_shown(profile: Profile, service: Service) -> None:
    backups = (ROOT / "docs/backend-context.md").read_text(encoding="utf-8").split("\n## Backup\n")[1]
    [statements] = re.findall(r"```sql\n(.*?)```", backups.split("\n## ")[0], re.DOTALL)
    profile.read()
    # A restored state bypasses the API and every invalidation.
    run("UPDATE user_profiles SET display_name = 'Restored' WHERE user_id = %s", (profile.owner.id,))
    assert profile.read() == "Alice"

    run(statements)

    assert profile.owner.api.get(profile.url).status_code == 401
    with service.client(profile.owner.sign_in()["access_token"]) as client:
        assert profile.read(client) == "Restored"
