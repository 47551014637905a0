"""The first admin: somebody must be able to sign in to a database that has just been made."""

import secrets
from typing import NamedTuple

from app.cli.audited import act
from app.cli.refusals import MISCONFIGURED, Refusal
from app.cli.services import tools_for
from app.errors import EmailTaken, ValidationFailed
from app.services import users
from app.services.audit import Event
from app.services.tools import Tools
from app.settings import Settings, SettingsError

GENERATED_BYTES = 18


class Made(NamedTuple):
    """An admin made just now; the password, when it was chosen here, is stored nowhere and has to be shown now."""

    password: str | None


class AdminExists(Refusal):
    """There is an admin, so that none is the first any more."""


def first_admin(settings: Settings) -> Made | None:
    """Make the admin that the settings describe, unless there is one.

    Returns:
        None when there is an admin already.

    Raises:
        SettingsError, Refusal: as `make_first_admin`.
    """
    try:
        return None if users.any_admin() else make_first_admin(tools_for(settings))
    except AdminExists:  # another replica was faster
        return None


def make_first_admin(tools: Tools) -> Made:
    """Make the admin that the settings describe; what becomes of it, the audit trail tells.

    Raises:
        AdminExists: there is an admin already.
        SettingsError: the given address or password is not acceptable.
        Refusal: the address belongs to an account that is no admin.
    """
    settings = tools.settings
    chosen = settings.admin_password or generated_password(settings)

    def make(event: Event) -> None:
        account = users.create_first_admin(email=settings.admin_email, password=chosen, tools=tools)
        if account is None:
            event.reason = "admin_exists"
            raise AdminExists("there is an admin already; sign in as that one to make more")
        event.target = ("user", str(account.id))

    try:
        act("user.created", make, drops=("users",), tools=tools)
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
    return Made(None if settings.admin_password else chosen)


def generated_password(settings: Settings) -> str:
    """Return a password that nobody can guess, long enough for the policy."""
    # Base64 writes four characters for three bytes, so there are never fewer characters than bytes.
    return secrets.token_urlsafe(max(GENERATED_BYTES, settings.password_min))[: settings.password_max]
