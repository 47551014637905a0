"""When an operation goes (x-sunset): the dates it says, what is wrong with them, and the headers that tell clients."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from urllib.parse import quote

from app.spec.document import Fault
from app.spec.operation import Operation

_KEY = "x-sunset"
_PAGES = "/docs#/"
_FORM = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What may stand between the angle brackets of a Link.
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")


@dataclass(frozen=True, slots=True)
class Sunset:
    """The end of an operation.

    Attributes:
        on: the day at whose beginning, in UTC, it may be gone.
        headers: Deprecation (RFC 9745), Sunset (RFC 8594) and Link, as every answer carries them.
    """

    on: date
    headers: tuple[tuple[bytes, bytes], ...]

    def headers_under(self, prefix: str) -> tuple[tuple[bytes, bytes], ...]:
        """Return the headers of a deployment under a path: it is where the reference pages are, too."""
        ours, theirs = f"<{_PAGES}".encode(), f"<{prefix}{_PAGES}".encode()
        return tuple((name, value.replace(ours, theirs, 1)) for name, value in self.headers)


def sunset_of(operation: Operation) -> Sunset | None:
    """Return the end of an operation; None where it has none, or says it in a way that `sunset` finds fault with."""
    dates = _dates(operation)
    on, since = dates.get("on"), dates.get("since")
    if on is None:
        return None
    # Without a day the operation is deprecated since the epoch: the field wants a moment, a past one means that it is
    # deprecated now, and it must not be later than the sunset (RFC 9745, 2.1 and 4).
    seconds = int(_midnight(since).timestamp()) if since else 0
    link = f'<{_explanation(operation)}>; rel="deprecation"'
    return Sunset(
        on,
        (
            (b"deprecation", b"@%d" % seconds),
            (b"sunset", format_datetime(_midnight(on), usegmt=True).encode()),
            (b"link", link.encode("ascii", "replace")),
        ),
    )


def sunset(operation: Operation, _: object) -> Iterator[Fault]:
    """Yield what is wrong with the end of an operation."""
    if _KEY not in operation.body:
        return
    place = operation.where(_KEY)
    if operation.body.get("deprecated") is not True:
        yield Fault(place, f"{operation.name} has {_KEY} and is not deprecated.", "Add deprecated: true.")
    dates = _dates(operation)
    for name, day in dates.items():
        if day is None:
            text = _texts(operation)[name]
            yield Fault(place, f"There is no day {text}.", "Write one of the calendar, as YYYY-MM-DD.")
    on, since = dates.get("on"), dates.get("since")
    if on and since and on < since:
        yield Fault(place, f"{operation.name} goes before it is deprecated.", "Let `on` be no earlier than `since`.")
    if not _URL.fullmatch(_explanation(operation)):
        fix = "Write it in ASCII, with %XX for what a URL cannot hold."
        yield Fault(operation.where("externalDocs"), f"The url that explains {operation.name} is none.", fix)


def _texts(operation: Operation) -> dict[str, str]:
    """Return the days as they are written; none where the value has another form, which is told elsewhere."""
    value = operation.body.get(_KEY)
    given = value if isinstance(value, dict) else {"on": value}
    return {name: day for name in ("on", "since") if _FORM.fullmatch(day := str(given.get(name)))}


def _dates(operation: Operation) -> dict[str, date | None]:
    return {name: _day(text) for name, text in _texts(operation).items()}


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _explanation(operation: Operation) -> str:
    """Return where people read on: what the operation's externalDocs say, else its place in the reference pages."""
    told = operation.body.get("externalDocs")
    if isinstance(told, dict) and "url" in told:
        return str(told["url"])
    tags = operation.body.get("tags")
    tag = str(tags[0]) if isinstance(tags, list) and tags else ""
    return f"{_PAGES}{quote(tag, safe='')}/{quote(str(operation.body.get('operationId')), safe='')}"
