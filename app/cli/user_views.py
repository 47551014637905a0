"""`charter users list` and `show`: accounts as text for people, and as JSON in the schemas of the document."""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import click

from app.cli.help_examples import example
from app.cli.printing import format_time, print_json, printable
from app.cli.prompts import Text
from app.cli.tables import print_table
from app.results import MAX_COUNTED
from models.user import STATUSES

if TYPE_CHECKING:
    from app.services.inspection import Inspection
    from charter import Listing, Page
    from models import Session
    from models.listed_user import ListedUser

MAX_NAME_LENGTH = 50
MAX_SEARCH = 100
LIMIT = 20
MAX_LIMIT = 100
ORDERS = ("created_at", "-created_at", "email", "-email", "updated_at", "-updated_at")

account_argument = click.argument("name", metavar="EMAIL|ID")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.command("list", short_help="List accounts.", epilog=example("charter users list --role admin --sort email"))
@click.option(
    "--q",
    type=Text(MAX_SEARCH),
    metavar="PREFIX",
    help="Only accounts whose address or display name begins with PREFIX.",
)
@click.option("--role", type=Text(MAX_NAME_LENGTH), help="Only accounts with this role.")
@click.option("--status", type=click.Choice(STATUSES), help="Only accounts with this status.")
@click.option("--sort", type=click.Choice(ORDERS), help="The order; by default the newest first.")
@click.option("--limit", type=click.IntRange(1, MAX_LIMIT), default=LIMIT, show_default=True, help="How many.")
@click.option("--offset", type=click.IntRange(0, MAX_COUNTED), default=0, help="How many to skip.")
@json_option
def list_users(
    q: str | None, role: str | None, status: str | None, sort: str | None, limit: int, offset: int, as_json: bool
) -> None:
    """List accounts, page by page. An account must match every filter."""
    from app.cli.operator_actions import act, operating
    from app.services import user_search
    from charter import Page

    with operating() as dependencies:
        page = Page(offset, limit, sort or "")
        listing = act("users.listed", lambda _: user_search.search(page, q, role, status), dependencies=dependencies)
    more = offset + limit < listing.total or (not listing.total_is_exact and len(listing.items) == limit)
    next_offset = offset + limit if more and offset + limit <= MAX_COUNTED else None
    options = {"q": q, "role": role, "status": status, "sort": sort}
    filters = {name: value for name, value in options.items() if value is not None}
    if as_json:
        _print_page_as_json(listing, page, filters, next_offset, dependencies.config.public_path)
        return
    if listing.items:
        header = ("EMAIL", "ROLE", "STATUS", "VERIFIED", "CREATED (UTC)", "ID")
        print_table(header, [_row(user) for user in listing.items])
        click.echo()
    click.echo(_counted(listing, offset))
    if next_offset is not None:
        window = {"limit": limit, "offset": next_offset} if limit != LIMIT else {"offset": next_offset}
        words = [f"--{name}={value}" for name, value in {**filters, **window}.items()]
        click.echo(f"next page: charter users list {shlex.join(words)}")


@click.command("show", short_help="Show an account.", epilog=example("charter users show alice@example.com"))
@account_argument
@json_option
def show_user(name: str, as_json: bool) -> None:
    """Show an account: profile, permissions, live sessions, and how long it must wait before it can sign in."""
    from app.cli.operator_actions import act, locate, operating
    from app.services.inspection import inspect

    action = "user.shown"
    with operating() as dependencies:
        user = locate(name, action, dependencies=dependencies)
        inspection = act(action, lambda context: inspect(context, user), user=user, dependencies=dependencies)
    if as_json:
        _print_inspection_as_json(inspection)
    else:
        _print_inspection(inspection)


def _print_page_as_json(
    listing: "Listing", page: "Page", filters: Mapping[str, str], next_offset: int | None, prefix: str
) -> None:
    from handlers.presenters import present_listed_user

    def url(offset: int) -> str:
        return f"{prefix}/v1/users?{urlencode({**filters, 'offset': offset, 'limit': page.limit})}"

    pagination = {
        "offset": page.offset,
        "limit": page.limit,
        "total": listing.total,
        "total_is_exact": listing.total_is_exact,
        "next": None if next_offset is None else url(next_offset),
        "previous": url(max(0, page.offset - page.limit)) if page.offset else None,
    }
    print_json({"users": [present_listed_user(user) for user in listing.items], "pagination": pagination})


def _print_inspection_as_json(inspection: "Inspection") -> None:
    from handlers.presenters import present_session, present_user

    waits = inspection.waits.items()
    print_json(
        {
            "user": present_user(inspection.user),
            "permissions": inspection.permissions,
            "sessions": [present_session(session, current=None) for session in inspection.sessions],
            "waits": [{"network": network or None, "seconds": seconds} for network, seconds in waits],
        }
    )


def _print_inspection(inspection: "Inspection") -> None:
    user, sessions = inspection.user, inspection.sessions
    lines = {
        "id": str(user.id),
        "role": user.role.name,
        "status": user.status,
        "verified": format_time(user.verified_at),
        "created": format_time(user.created_at),
        "updated": format_time(user.updated_at),
        "display name": user.profile.display_name,
        "locale": user.profile.locale,
        "time zone": user.profile.time_zone,
        "avatar": user.profile.avatar_url,
        "bio": user.profile.bio,
        "permissions": " ".join(inspection.permissions),
        "sign-in": _waits(inspection.waits),
    }
    click.echo(user.email)
    for name, value in lines.items():
        click.echo(f"  {name:<14}{printable(value)}")
    click.echo(f"\n{len(sessions)} live session{'s' * (len(sessions) != 1)}")
    if sessions:
        header = ("ID", "CREATED (UTC)", "LAST REFRESHED", "EXPIRES", "ADDRESS", "AGENT")
        print_table(header, [_session_row(session) for session in sessions])


def _waits(waits: Mapping[str, int]) -> str:
    phrases = [
        f"must wait {seconds} s from {network or 'networks it has not signed in from'}"
        for network, seconds in waits.items()
    ]
    return ", ".join(phrases) or "need not wait"


def _row(user: "ListedUser") -> tuple[str, ...]:
    verified = "yes" if user.verified_at else "no"
    return user.email, user.role, user.status, verified, format_time(user.created_at), user.id


def _session_row(session: "Session") -> tuple[str, ...]:
    moments = (session.created_at, session.rotated_at, session.ends_at)
    return str(session.id), *map(format_time, moments), session.address, printable(session.user_agent)


def _counted(listing: "Listing", offset: int) -> str:
    shown, total = len(listing.items), listing.total
    number = f"{total} account{'s' * (total != 1)}" if listing.total_is_exact else f"more than {total} accounts"
    if not shown:
        return f"none beyond {offset} of {number}" if total else number
    return f"{offset + 1} to {offset + shown} of {number}"
