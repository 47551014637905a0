"""The first admin: without one, nobody could sign in to a new database and manage it."""

import secrets
from typing import NamedTuple

from app.cli.dependencies import dependencies_for
from app.cli.errors import MISCONFIGURED, CommandError
from app.cli.operator_actions import act
from app.config import Config, ConfigError, ConfigFault
from app.context.context import Context
from app.context.dependencies import Dependencies
from app.errors import EmailTaken, ValidationError
from app.services import first_admin as service
from app.spec.validation.violations import as_sentence

GENERATED_BYTES = 18


class CreatedAdmin(NamedTuple):
    """An admin that was just created, with the password if it was generated: show it now, it is stored nowhere."""

    password: str | None


class AdminExists(CommandError):
    """There is an admin already, so nobody can be the first."""


def ensure_admin(config: Config) -> CreatedAdmin | None:
    """Create the admin that the configuration describes, unless there is one.

    Returns:
        None when there is an admin already.

    Raises:
        ConfigError, CommandError: as `create_first_admin`.
    """
    try:
        return None if service.any_admin_exists() else create_first_admin(dependencies_for(config))
    except AdminExists:  # another replica was faster
        return None


def create_first_admin(dependencies: Dependencies) -> CreatedAdmin:
    """Create the admin that the configuration describes, with its event row.

    Raises:
        AdminExists: there is an admin already.
        ConfigError: the configured address or password is not acceptable.
        CommandError: the address belongs to an account that is no admin.
    """
    config = dependencies.config
    password = config.admin_password or generated_password(config)

    def create(context: Context) -> None:
        user = service.create(context, email=config.admin_email, password=password)
        if user is None:
            context.event.reason = "admin_exists"
            raise AdminExists("there is an admin already; sign in as that one to create more")
        context.event.target_type, context.event.target_id = "user", str(user.id)

    try:
        act("user.created", create, invalidates=("users",), dependencies=dependencies)
    except ValidationError as error:
        names = {"password": "CHARTER_ADMIN_PASSWORD", "email": "CHARTER_ADMIN_EMAIL"}
        faults = []
        for violation in error.details:
            name = names.get(violation.field or "", "CHARTER_ADMIN_PASSWORD")
            faults.append(ConfigFault(name, as_sentence(name, violation.message)))
        raise ConfigError(faults) from error
    except EmailTaken as error:
        raise CommandError(
            f"CHARTER_ADMIN_EMAIL {config.admin_email} belongs to an account that is no admin: set another address",
            exit_code=MISCONFIGURED,
        ) from error
    return CreatedAdmin(None if config.admin_password else password)


def generated_password(config: Config) -> str:
    """Return a password that nobody can guess, long enough for the policy."""
    # Base64 writes four characters for three bytes, so there are never fewer characters than bytes.
    return secrets.token_urlsafe(max(GENERATED_BYTES, config.password_min))[: config.password_max]
