"""`charter users list` and `show`: accounts as text for people, and as JSON whose parts are the document's schemas."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from app.cli.asking import Text
from app.cli.examples import example
from app.cli.printing import format_time, print_json, printable
from app.cli.tables import print_table

if TYPE_CHECKING:
    from app.services.inspection import Inspection
    from app.services.sessions import LiveSession
    from models.account import Account

NAME_LONGEST = 50
SEARCH_LONGEST = 100
LIMIT = 20
LARGEST_LIMIT = 100
FARTHEST_OFFSET = 10_000
ORDERS = ("created_at", "-created_at", "email", "-email", "updated_at", "-updated_at")
STATES = ("active", "suspended")

account_argument = click.argument("name", metavar="EMAIL|ID")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("list", short_help="List accounts.", epilog=example("charter users list --role admin --sort email"))
@click.option("--q", type=Text(SEARCH_LONGEST), metavar="PREFIX", help="What address or display name begin with.")
@click.option("--role", type=Text(NAME_LONGEST), help="Only accounts with this role.")
@click.option("--status", type=click.Choice(STATES), help="Only accounts in this state.")
@click.option("--sort", type=click.Choice(ORDERS), help="The order; newest first unless said.")
@click.option("--limit", type=click.IntRange(1, LARGEST_LIMIT), default=LIMIT, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0, FARTHEST_OFFSET), default=0, help="How many to skip.")
@json_option
def list_users(
    q: str | None, role: str | None, status: str | None, sort: str | None, limit: int, offset: int, as_json: bool
) -> None:
    """List accounts, page by page; the filters add up."""
    from app.cli.audited import act, operating
    from app.services import user_list

    with operating() as dependencies:
        found, total, exact = act(
            "users.listed",
            lambda _: user_list.search(q=q, role=role, status=status, sort=sort or "", offset=offset, limit=limit),
            dependencies=dependencies,
        )
    more = offset + limit < total or (not exact and len(found) == limit)
    following = offset + limit if more and offset + limit <= FARTHEST_OFFSET else None
    asked = {"q": q, "role": role, "status": status, "sort": sort}
    given = {name: value for name, value in asked.items() if value is not None}
    if as_json:
        _print_page_as_json(found, total, exact, given, offset, limit, following, dependencies.config.public_path)
        return
    if found:
        print_table(("EMAIL", "ROLE", "STATUS", "VERIFIED", "CREATED (UTC)", "ID"), [_row(each) for each in found])
        click.echo()
    click.echo(_counted(len(found), total, exact, offset))
    if following is not None:
        window = {"limit": limit, "offset": following} if limit != LIMIT else {"offset": following}
        words = [f"--{name}={value}" for name, value in {**given, **window}.items()]
        click.echo(f"next page: charter users list {shlex.join(words)}")


@click.command("show", short_help="Show all of an account.", epilog=example("charter users show alice@example.com"))
@account_argument
@json_option
def show_user(name: str, as_json: bool) -> None:
    """Show all of an account: its profile, what its role may do, its live sessions, and whether it has to wait."""
    from app.cli.audited import act, locate, operating
    from app.services.inspection import inspect

    action = "user.shown"
    with operating() as dependencies:
        account = locate(name, action, dependencies=dependencies)
        found = act(
            action, lambda _: inspect(account, dependencies=dependencies), account=account, dependencies=dependencies
        )
    if as_json:
        _print_inspection_as_json(found)
    else:
        _print_inspection(found)


def _print_page_as_json(
    found: "list[Account]",
    total: int,
    exact: bool,
    given: Mapping[str, str],
    offset: int,
    limit: int,
    following: int | None,
    prefix: str,
) -> None:
    from handlers.presenters import present_user

    def url(start: int) -> str:
        return f"{prefix}/v1/users?{urlencode({**given, 'offset': start, 'limit': limit})}"

    pagination = {
        "offset": offset,
        "limit": limit,
        "total": total,
        "total_is_exact": exact,
        "next": None if following is None else url(following),
        "previous": url(max(0, offset - limit)) if offset else None,
    }
    print_json({"users": [present_user(account) for account in found], "pagination": pagination})


def _print_inspection_as_json(found: "Inspection") -> None:
    from handlers.presenters import present_session, present_user

    print_json(
        {
            "user": present_user(found.account),
            "permissions": found.permissions,
            "sessions": [present_session(session, current=None) for session in found.sessions],
            "waits": [{"network": network or None, "seconds": seconds} for network, seconds in found.waits.items()],
        }
    )


def _print_inspection(found: "Inspection") -> None:
    account = found.account
    facts = {
        "id": str(account.id),
        "role": account.role,
        "status": account.status,
        "verified": format_time(account.verified_at),
        "created": format_time(account.created_at),
        "updated": format_time(account.updated_at),
        "display name": account.display_name,
        "locale": account.locale,
        "time zone": account.time_zone,
        "avatar": account.avatar_url,
        "bio": account.bio,
        "permissions": " ".join(found.permissions),
        "sign-in": _told_waits(found.waits),
    }
    click.echo(account.email)
    for name, value in facts.items():
        click.echo(f"  {name:<14}{printable(value)}")
    click.echo(f"\n{len(found.sessions)} live session{'s' * (len(found.sessions) != 1)}")
    if found.sessions:
        header = ("ID", "CREATED (UTC)", "LAST REFRESHED", "EXPIRES", "ADDRESS", "AGENT")
        print_table(header, [_session_row(session) for session in found.sessions])


def _told_waits(waits: Mapping[str, int]) -> str:
    told = [
        f"has to wait {seconds} s from {network or 'networks it has not signed in from'}"
        for network, seconds in waits.items()
    ]
    return ", ".join(told) or "not slowed down"


def _row(account: "Account") -> tuple[str, ...]:
    verified = "yes" if account.verified_at else "no"
    return account.email, account.role, account.status, verified, format_time(account.created_at), str(account.id)


def _session_row(session: "LiveSession") -> tuple[str, ...]:
    moments = (session.created_at, session.refreshed_at, session.expires_at)
    return str(session.id), *map(format_time, moments), session.address, printable(session.user_agent)


def _counted(shown: int, total: int, exact: bool, offset: int) -> str:
    number = f"{total} account{'s' * (total != 1)}" if exact else f"more than {total} accounts"
    if not shown:
        return f"none beyond {offset} of {number}" if total else number
    return f"{offset + 1} to {offset + shown} of {number}"
