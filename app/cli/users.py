"""`charter users`: what the operator of a deployment can do for an account without signing in."""

from typing import TYPE_CHECKING

import click

from app.cli.errors import CommandError
from app.cli.help_examples import example
from app.cli.prompts import Text, confirm, read_secret
from app.cli.user_views import MAX_NAME_LENGTH, account_argument, list_users, show_user

if TYPE_CHECKING:
    from app.context.dependencies import Dependencies
    from models import User

MAX_REASON = 500

yes_option = click.option("--yes", is_flag=True, help="Do not ask. Without a terminal the command never asks.")


@click.group(short_help="Show and change accounts.")
def users() -> None:
    """Show and change accounts, without signing in.

    An account is named by its address or its id. Each command writes one row to the audit trail, also when it fails.
    Before a change that cannot be undone, the command asks at a terminal; without one, as in a script, it goes ahead.
    """


users.add_command(list_users)
users.add_command(show_user)


@users.command(
    "create-admin",
    short_help="Create the first admin.",
    epilog=example("CHARTER_ADMIN_EMAIL=root@example.com charter users create-admin"),
)
def create_admin() -> None:
    """Create the first admin: CHARTER_ADMIN_EMAIL with CHARTER_ADMIN_PASSWORD, or with a password that is shown once.

    If there is an admin, even a suspended one, the command fails. Use `charter users restore`,
    `reset-password` or `set-role` instead.
    """
    from app.cli.first_admin import create_first_admin
    from app.cli.operator_actions import operating

    with operating() as dependencies:
        created = create_first_admin(dependencies)
        # At once: if anything fails after this, the password would be lost.
        click.echo(
            f"created {dependencies.config.admin_email}"
            + (f", password {created.password} (shown this once)" if created.password else "")
        )


@users.command(
    short_help="Mark an email address as verified.", epilog=example("charter users verify alice@example.com")
)
@account_argument
def verify(name: str) -> None:
    """Mark the email address of an account as verified; a guest becomes a user."""
    from app.cli.operator_actions import change, locate, operating
    from app.services import users as service

    action = "user.verified"
    with operating() as dependencies:
        user = locate(name, action, dependencies=dependencies)
        user = change(user, action, service.update, email_verified=True, dependencies=dependencies)
        click.echo(f"{user.email} is verified, role {user.role.name}{_hint(user, dependencies)}")


@users.command(
    short_help="Suspend an account.",
    epilog=example('charter users suspend mallory@example.com --reason "Reported for spam."'),
)
@account_argument
@click.option("--reason", type=Text(MAX_REASON), help="A note for the audit trail; the owner does not see it.")
@yes_option
def suspend(name: str, reason: str | None, yes: bool) -> None:
    """Suspend an account and end all its sessions. The last active admin cannot be suspended."""
    from app.cli.operator_actions import change, locate, operating
    from app.services import users as service

    action = "user.suspended"
    with operating() as dependencies:
        user = locate(name, action, dependencies=dependencies)
        confirm(f"Suspend {user.email} and end all its sessions?", yes)
        user = change(user, action, service.suspend, reason=reason, dependencies=dependencies)
    click.echo(f"{user.email} is suspended; all its sessions have ended")


@users.command(
    short_help="Let a suspended account sign in again.", epilog=example("charter users restore alice@example.com")
)
@account_argument
def restore(name: str) -> None:
    """Let a suspended account sign in again; its ended sessions stay ended."""
    from app.cli.operator_actions import change, locate, operating
    from app.services import users as service

    action = "user.restored"
    with operating() as dependencies:
        user = locate(name, action, dependencies=dependencies)
        user = change(user, action, service.restore, dependencies=dependencies)
        click.echo(f"{user.email} is active, role {user.role.name}{_hint(user, dependencies)}")


@users.command(
    "set-role", short_help="Give an account a role.", epilog=example("charter users set-role alice@example.com admin")
)
@account_argument
@click.argument("role", type=Text(MAX_NAME_LENGTH))
def set_role(name: str, role: str) -> None:
    """Give an account the role ROLE, from its next request on. The last active admin must keep their role."""
    from app.cli.operator_actions import change, locate, operating
    from app.services import users as service

    action = "user.role_set"
    with operating() as dependencies:
        user = locate(name, action, dependencies=dependencies)
        user = change(user, action, service.set_role, role=role, dependencies=dependencies)
        click.echo(f"{user.email} has the role {user.role.name}{_hint(user, dependencies)}")


@users.command(
    "reset-password",
    short_help="Give an account a new password.",
    epilog=example(
        "charter users reset-password alice@example.com",
        "charter users reset-password alice@example.com < new-password",
        "charter users reset-password alice@example.com --generate",
    ),
)
@account_argument
@click.option("--generate", is_flag=True, help="Generate a strong password and print it, alone, on standard output.")
@yes_option
def reset_password(name: str, generate: bool, yes: bool) -> None:
    """Give an account a new password, end all its sessions and forget its failed sign-ins.

    At a terminal, the command asks for the password twice; otherwise it reads the first line of standard input. If that
    is empty, it generates a password as with --generate, and shows it once. A suspended account stays suspended.
    """
    from app.cli.first_admin import generated_password
    from app.cli.operator_actions import change, locate, operating
    from app.errors import ValidationError
    from app.services import users as service
    from app.spec.validation.violations import as_sentence

    action = "user.password_reset"
    with operating() as dependencies:
        user = locate(name, action, dependencies=dependencies)
        confirm(f"Set a new password for {user.email} and end all its sessions?", yes)
        typed = None if generate else read_secret("New password")
        password = generated_password(dependencies.config) if typed is None else typed
        try:
            user = change(user, action, service.reset_password, password=password, dependencies=dependencies)
        except ValidationError as error:
            if not password:
                message = "the password is empty: type one, or write it on the first line of standard input"
                raise CommandError(message) from error
            raise CommandError(as_sentence("the password", error.details[0].message).removesuffix(".")) from error
        if typed is None:
            click.echo(password)  # at once: if anything fails after this, it would be lost
        outcome = f"{user.email} has a new password; all its sessions have ended{_hint(user, dependencies)}"
        click.echo(outcome, err=typed is None)


def _hint(user: "User", dependencies: "Dependencies") -> str:
    """Return what still prevents the account from signing in, and the command that fixes it."""
    from app.services.auth import unverified_may_sign_in

    if user.status != "active":
        return f"; it is still suspended: charter users restore {user.email}"
    if user.verified_at is None and not unverified_may_sign_in(dependencies=dependencies):
        return f"; its address is not verified: charter users verify {user.email}"
    return ""
