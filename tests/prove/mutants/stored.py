"""Mutants of writes: what is not stored, what changes although it was not sent, and what is removed with another."""

from tests.prove.mutants.mutant import Mutant

_ROLES = "app/services/roles.py"
_PROFILES = "app/services/profiles.py"
_USER_ROWS = "app/services/user_rows.py"

MUTANTS = (
    Mutant(
        "optional properties of a new account are not stored",
        "app/services/users.py",
        "            profile=values,\n",
        "            profile={},\n",
        "writes",
    ),
    Mutant(
        "a change is in the response and is not stored",
        _ROLES,
        'values = {"name": role.name, "description": role.description, "version"',
        'values = {"name": role.name, "version"',
        "writes",
    ),
    Mutant(
        "a property that is left out is reset",
        _ROLES,
        'changes.get("description", role.description)',
        'changes.get("description", "")',
        "writes",
    ),
    Mutant(
        "null leaves a property as it is",
        _PROFILES,
        "        user_rows.require_version(context, user)\n        return user_rows.save_profile(user, fields,",
        "        user_rows.require_version(context, user)\n"
        "        fields = {name: value for name, value in fields.items() if value is not None}\n"
        "        return user_rows.save_profile(user, fields,",
        "writes",
    ),
    Mutant(
        "a replacement keeps what is null in it",
        _PROFILES,
        "        user_rows.require_profile_version(context, user)\n",
        "        user_rows.require_profile_version(context, user)\n"
        "        fields = {name: value for name, value in fields.items() if value is not None}\n",
        "writes",
    ),
    Mutant(
        "a change of one profile changes those of newer accounts",
        _USER_ROWS,
        ".where(UserProfile.user == user.id))",
        ".where(UserProfile.user >= user.id))",
        "writes",
    ),
    Mutant(
        "newer roles are deleted with a role",
        _ROLES,
        "execute(Role.delete().where(Role.id == role.id))",
        "execute(Role.delete().where(Role.id >= role.id))",
        "writes",
    ),
    Mutant(
        "a deleted role stays",
        _ROLES,
        "execute(Role.delete().where(Role.id == role.id))",
        "execute(Role.delete().where(Role.id != Role.id))",
        "writes",
    ),
    Mutant(
        "a list does not show the newest role",
        _ROLES,
        ".offset(page.offset).limit(page.limit)\n",
        '.where(Role.id != Role.select(fn.max(Role.id.cast("text")).cast("uuid")))'
        ".offset(page.offset).limit(page.limit)\n",
        "writes",
    ),
    Mutant(
        "a list counts one too many on later pages",
        _ROLES,
        "min(counted, MAX_COUNTED), counted <= MAX_COUNTED)",
        "min(counted + (page.offset > 1), MAX_COUNTED), counted <= MAX_COUNTED)",
        "pagination",
    ),
)
