"""`charter users`: what whoever runs a deployment can do for an account without signing in."""

import click

from app.cli.db import bound_database
from app.cli.refusals import Refusal


@click.group(short_help="Make the first admin, verify an address.")
def users() -> None:
    """Make the first admin, and vouch for addresses."""


@users.command("create-admin")
def create_admin() -> None:
    """Make the first admin: CHARTER_ADMIN_EMAIL with CHARTER_ADMIN_PASSWORD, else with a password shown once.

    Refused when there is an admin: that one gives others the role, through the API.
    """
    from app.cli.first_admin import first_admin

    with bound_database() as (_, settings):
        made = first_admin(settings)
    if made is None:
        raise Refusal("there is an admin already; sign in as that one to make more")
    click.echo(
        f"made {settings.admin_email}" + (f", password {made.password} (shown this once)" if made.password else "")
    )


@users.command()
@click.argument("email")
def verify(email: str) -> None:
    """Take the address EMAIL for verified; a guest becomes a user."""
    from app.cli.services import tools_for
    from app.services import users as service

    with bound_database() as (_, settings):
        account = service.verify(email=email, tools=tools_for(settings))
    click.echo(f"{account.email} is verified, role {account.role}")
