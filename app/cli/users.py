"""`charter users`: what whoever runs a deployment can do for an account without signing in."""

from typing import TYPE_CHECKING

import click

from app.cli.asking import Text, confirm, read_secret
from app.cli.examples import example
from app.cli.refusals import Refusal
from app.cli.user_views import NAME_LONGEST, account_argument, list_users, show_user

if TYPE_CHECKING:
    from app.context.dependencies import Dependencies
    from models.account import Account

REASON_LONGEST = 500

yes_option = click.option("--yes", is_flag=True, help="Do not ask; without a terminal nothing is asked anyway.")


@click.group(short_help="Look at accounts, and mend them.")
def users() -> None:
    """Look at accounts, and mend them, without signing in.

    An account is named by its address or its id. Each command leaves one row in the audit trail, also one that fails.
    What cannot be taken back asks first at a terminal; without one, as in a script, it goes ahead.
    """


users.add_command(list_users)
users.add_command(show_user)


@users.command(
    "create-admin",
    short_help="Make the first admin.",
    epilog=example("CHARTER_ADMIN_EMAIL=root@example.com charter users create-admin"),
)
def create_admin() -> None:
    """Make the first admin: CHARTER_ADMIN_EMAIL with CHARTER_ADMIN_PASSWORD, else with a password shown once.

    Refused when there is an admin, even a suspended one: restore, reset-password and set-role are for that.
    """
    from app.cli.audited import operating
    from app.cli.first_admin import make_first_admin

    with operating() as dependencies:
        made = make_first_admin(dependencies)
        # At once: whatever goes wrong after this, the password would be lost.
        click.echo(
            f"made {dependencies.config.admin_email}"
            + (f", password {made.password} (shown this once)" if made.password else "")
        )


@users.command(
    short_help="Mark an email address as verified.", epilog=example("charter users verify alice@example.com")
)
@account_argument
def verify(name: str) -> None:
    """Mark the email address of an account as verified; a guest becomes a user."""
    from app.cli.audited import change, locate, operating
    from app.services import users as service

    action = "user.verified"
    with operating() as dependencies:
        account = change(
            locate(name, action, dependencies=dependencies),
            action,
            service.update,
            drafts=True,
            email=None,
            email_verified=True,
            expected_version=None,
            dependencies=dependencies,
        )
        click.echo(f"{account.email} is verified, role {account.role}{_hint(account, dependencies)}")


@users.command(
    short_help="Suspend an account.",
    epilog=example('charter users suspend mallory@example.com --reason "Reported for spam."'),
)
@account_argument
@click.option("--reason", type=Text(REASON_LONGEST), help="A note for the audit trail; the owner does not see it.")
@yes_option
def suspend(name: str, reason: str | None, yes: bool) -> None:
    """Suspend an account and end all its sessions. The last active admin cannot be suspended."""
    from app.cli.audited import change, locate, operating
    from app.services import users as service

    action = "user.suspended"
    with operating() as dependencies:
        account = locate(name, action, dependencies=dependencies)
        confirm(f"Suspend {account.email} and end all its sessions?", yes)
        details = {"reason": reason} if reason else None
        account = change(
            account, action, service.suspend, expected_version=None, details=details, dependencies=dependencies
        )
    click.echo(f"{account.email} is suspended; all its sessions have ended")


@users.command(
    short_help="Let a suspended account sign in again.", epilog=example("charter users restore alice@example.com")
)
@account_argument
def restore(name: str) -> None:
    """Let a suspended account sign in again; no session comes back."""
    from app.cli.audited import change, locate, operating
    from app.services import users as service

    action = "user.restored"
    with operating() as dependencies:
        account = locate(name, action, dependencies=dependencies)
        account = change(account, action, service.restore, expected_version=None, dependencies=dependencies)
        click.echo(f"{account.email} is active, role {account.role}{_hint(account, dependencies)}")


@users.command(
    "set-role", short_help="Give an account a role.", epilog=example("charter users set-role alice@example.com admin")
)
@account_argument
@click.argument("role", type=Text(NAME_LONGEST))
def set_role(name: str, role: str) -> None:
    """Give an account the role ROLE, from its next request on. The last active admin stays one."""
    from app.cli.audited import change, locate, operating
    from app.services import users as service

    action = "user.role_set"
    with operating() as dependencies:
        account = locate(name, action, dependencies=dependencies)
        account = change(
            account, action, service.set_role, drafts=True, role=role, expected_version=None, dependencies=dependencies
        )
        click.echo(f"{account.email} has the role {account.role}{_hint(account, dependencies)}")


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
@click.option("--generate", is_flag=True, help="Make a strong password and print it, alone, on standard output.")
@yes_option
def reset_password(name: str, generate: bool, yes: bool) -> None:
    """Give an account a new password, end all its sessions and forget its failed sign-ins.

    The password is asked for twice at a terminal, and is else the first line of standard input. Where nothing comes
    from there, one is made as with --generate, and shown this once. A suspended account stays suspended.
    """
    from app.cli.audited import change, locate, operating
    from app.cli.first_admin import generated_password
    from app.errors import ValidationError
    from app.services import users as service

    action = "user.password_reset"
    with operating() as dependencies:
        account = locate(name, action, dependencies=dependencies)
        confirm(f"Set a new password for {account.email} and end all its sessions?", yes)
        given = None if generate else read_secret("New password")
        password = generated_password(dependencies.config) if given is None else given
        try:
            account = change(account, action, service.reset_password, password=password, dependencies=dependencies)
        except ValidationError as error:
            faults = "; ".join(fault.message for fault in error.details)
            raise Refusal(f"the password {faults}" if password else "the password is an empty line") from error
        if given is None:
            click.echo(password)  # at once: whatever goes wrong after this, it would be lost
        outcome = f"{account.email} has a new password; all its sessions have ended{_hint(account, dependencies)}"
        click.echo(outcome, err=given is None)


def _hint(account: "Account", dependencies: "Dependencies") -> str:
    """Return what still keeps the account from signing in, and the command that mends it."""
    from app.services.auth import unverified_may_sign_in

    if account.status != "active":
        return f"; it is still suspended: charter users restore {account.email}"
    if account.verified_at is None and not unverified_may_sign_in(dependencies=dependencies):
        return f"; its address is not verified: charter users verify {account.email}"
    return ""
