"""The dates of x-sunset, and the page that explains them."""

import re
from collections.abc import Iterator

from app.spec.checks.check import KnownNames
from app.spec.document import Fault
from app.spec.operation import Operation
from app.spec.sunset import KEY, explanation_url, sunset_dates, sunset_texts

# What may be between the angle brackets of a Link.
_URL = re.compile(r"[!#-;=?-\[\]_a-z~]+")


def check_sunset(operation: Operation, _: KnownNames) -> Iterator[Fault]:
    """Require deprecated: true, dates that exist and are in order, and a URL that a Link header can contain."""
    if KEY not in operation.body:
        return
    place, name = operation.where(KEY), operation.name
    if operation.body.get("deprecated") is not True:
        yield Fault(place, f"{name} has {KEY}, but is not deprecated.", "Add deprecated: true.")
    texts, dates = sunset_texts(operation), sunset_dates(operation)
    for key, day in dates.items():
        if day is None:
            yield Fault(place, f"There is no date {texts[key]}.", "Write a date of the calendar as YYYY-MM-DD.")
    on, since = dates.get("on"), dates.get("since")
    if on and since and on < since:
        message = f"{name} ends on {on}, before it is deprecated on {since}."
        yield Fault(place, message, "Write an `on` that is not earlier than `since`.")
    url = explanation_url(operation)
    if not _URL.fullmatch(url):
        message = f'The externalDocs of {name} have a url that no header can hold: "{url}".'
        yield Fault(operation.where("externalDocs"), message, "Write it in ASCII, with %XX for other characters.")
