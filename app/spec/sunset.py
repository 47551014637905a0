"""When an operation ends (x-sunset): its dates, and the headers that announce them to clients."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from urllib.parse import quote

from app.spec.operation import Operation

KEY = "x-sunset"
_PAGES = "/docs#/"
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Sunset:
    """The end of an operation.

    Attributes:
        on: it may be removed when this day begins, in UTC.
        headers: Deprecation (RFC 9745), Sunset (RFC 8594) and Link, as every response has them.
    """

    on: date
    headers: tuple[tuple[bytes, bytes], ...]

    def headers_under(self, prefix: str) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers for a deployment under a path, where the reference pages are, too."""
        ours, theirs = f"<{_PAGES}".encode(), f"<{prefix}{_PAGES}".encode()
        return tuple((name, value.replace(ours, theirs, 1)) for name, value in self.headers)


def sunset_of(operation: Operation) -> Sunset | None:
    """Return the end of an operation; None if it has none, or one that is not valid."""
    dates = sunset_dates(operation)
    on, since = dates.get("on"), dates.get("since")
    if on is None:
        return None
    # Without a date the operation is deprecated since the epoch: the header needs a time, a past one means that the
    # operation is deprecated now, and it must not be later than the sunset (RFC 9745, 2.1 and 4).
    seconds = int(_midnight(since).timestamp()) if since else 0
    link = f'<{explanation_url(operation)}>; rel="deprecation"'
    return Sunset(
        on,
        (
            (b"deprecation", b"@%d" % seconds),
            (b"sunset", format_datetime(_midnight(on), usegmt=True).encode()),
            (b"link", link.encode("ascii", "replace")),
        ),
    )


def sunset_texts(operation: Operation) -> dict[str, str]:
    """Return the dates as written, by key (`on`, `since`); those in another form than YYYY-MM-DD are left out."""
    value = operation.body.get(KEY)
    written = value if isinstance(value, dict) else {"on": value}
    return {name: text for name in ("on", "since") if _FORM.fullmatch(text := str(written.get(name)))}


def sunset_dates(operation: Operation) -> dict[str, date | None]:
    """Return the dates by key (`on`, `since`); None for one that the calendar does not have."""
    return {name: _day(text) for name, text in sunset_texts(operation).items()}


def explanation_url(operation: Operation) -> str:
    """Return where people read more: the url of the operation's externalDocs, else its place in the reference pages."""
    external = operation.body.get("externalDocs")
    if isinstance(external, dict) and "url" in external:
        return str(external["url"])
    tags = operation.body.get("tags")
    tag = str(tags[0]) if isinstance(tags, list) and tags else ""
    return f"{_PAGES}{quote(tag, safe='')}/{quote(str(operation.body.get('operationId')), safe='')}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
