"""The first admin: somebody must be able to sign in to a database that has just been made."""

import secrets
from typing import NamedTuple

from app.cli.audited import act
from app.cli.refusals import MISCONFIGURED, Refusal
from app.cli.services import dependencies_for
from app.config import Config, ConfigError, ConfigFault
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.errors import EmailTaken, ValidationError
from app.services import users
from app.spec.validation.violations import as_sentence

GENERATED_BYTES = 18


class Made(NamedTuple):
    """An admin made just now; the password, when it was chosen here, is stored nowhere and has to be shown now."""

    password: str | None


class AdminExists(Refusal):
    """There is an admin, so that none is the first any more."""


def first_admin(config: Config) -> Made | None:
    """Make the admin that the settings describe, unless there is one.

    Returns:
        None when there is an admin already.

    Raises:
        ConfigError, Refusal: as `make_first_admin`.
    """
    try:
        return None if users.any_admin() else make_first_admin(dependencies_for(config))
    except AdminExists:  # another replica was faster
        return None


def make_first_admin(dependencies: Dependencies) -> Made:
    """Make the admin that the settings describe; what becomes of it, the audit trail tells.

    Raises:
        AdminExists: there is an admin already.
        ConfigError: the given address or password is not acceptable.
        Refusal: the address belongs to an account that is no admin.
    """
    config = dependencies.config
    chosen = config.admin_password or generated_password(config)

    def make(context: Context) -> None:
        account = users.create_first_admin(email=config.admin_email, password=chosen, dependencies=dependencies)
        if account is None:
            context.event.reason = "admin_exists"
            raise AdminExists("there is an admin already; sign in as that one to make more")
        context.event.target = ("user", str(account.id))

    try:
        act("user.created", make, drops=("users",), dependencies=dependencies)
    except ValidationError as error:
        names = {"password": "CHARTER_ADMIN_PASSWORD", "email": "CHARTER_ADMIN_EMAIL"}
        faults = []
        for violation in error.details:
            name = names.get(violation.field or "", "CHARTER_ADMIN_PASSWORD")
            faults.append(ConfigFault(name, as_sentence(name, violation.message)))
        raise ConfigError(faults) from error
    except EmailTaken as error:
        raise Refusal(
            f"CHARTER_ADMIN_EMAIL {config.admin_email} belongs to an account that is no admin: set another address",
            exit_code=MISCONFIGURED,
        ) from error
    return Made(None if config.admin_password else chosen)


def generated_password(config: Config) -> str:
    """Return a password that nobody can guess, long enough for the policy."""
    # Base64 writes four characters for three bytes, so there are never fewer characters than bytes.
    return secrets.token_urlsafe(max(GENERATED_BYTES, config.password_min))[: config.password_max]
