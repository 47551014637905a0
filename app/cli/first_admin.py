"""The first admin: somebody must be able to sign in to a database that has just been made."""

import secrets
from typing import NamedTuple

from app.cli.refusals import MISCONFIGURED, Refusal
from app.cli.services import tools_for
from app.errors import EmailTaken, ValidationFailed
from app.services import users
from app.settings import Settings, SettingsError

GENERATED_BYTES = 18


class Made(NamedTuple):
    """An admin made just now; the password, when it was chosen here, is stored nowhere and has to be shown now."""

    password: str | None


def first_admin(settings: Settings) -> Made | None:
    """Make the admin that the settings describe, unless there is one.

    Returns:
        None when there is an admin already.

    Raises:
        SettingsError: the given address or password is not acceptable.
        Refusal: the address belongs to an account that is no admin.
    """
    chosen = settings.admin_password or secrets.token_urlsafe(GENERATED_BYTES)
    try:
        made = users.create_first_admin(email=settings.admin_email, password=chosen, tools=tools_for(settings))
    except ValidationFailed as error:
        names = {"password": "CHARTER_ADMIN_PASSWORD", "email": "CHARTER_ADMIN_EMAIL"}
        faults = [
            f"{names.get(fault.field or '', 'CHARTER_ADMIN_PASSWORD')} {fault.message}" for fault in error.details
        ]
        raise SettingsError(faults) from error
    except EmailTaken as error:
        raise Refusal(
            f"CHARTER_ADMIN_EMAIL {settings.admin_email} belongs to an account that is no admin: set another address",
            exit_code=MISCONFIGURED,
        ) from error
    return Made(None if settings.admin_password else chosen) if made else None
