"""The guides beside the operations: the document's introduction, more guides, the numbers of this deployment."""

from app.config import Config
from app.pages.reference.policy_words import limit, span
from app.pages.reference.samples import ADDRESS
from app.resources import APP

_GUIDES = ("packages", "versions", "proxies")
# The introduction shows commands for a first run.
_FIRST_RUN = "localhost:8080"


HEADING = "# Guides\n\nWhat all operations have in common."
"""Stands above the guides, so that the menu folds them."""


def introduction(description: str, config: Config, heading: str = HEADING) -> str:
    """Return the Markdown that stands before the operations.

    Args:
        description: that of the document.
        heading: stands before the first guide.
    """
    address = config.public_url or ADDRESS
    folder = APP / "pages" / "reference" / "guides"
    more = [(folder / f"{name}.md").read_text(encoding="utf-8").strip() for name in _GUIDES]
    first, mark, rest = description.strip().replace(f" {_FIRST_RUN}", f" {address}").partition("## ")
    parts = [first.strip(), heading, f"{mark}{rest}", *more, numbers(config)]
    return "\n\n".join(part for part in parts if part) + "\n"


def numbers(config: Config) -> str:
    """Return the numbers that clients of this deployment may want to know."""
    rows = [
        ("an access token is valid for", span(config.access_token_seconds)),
        ("a refresh token may be sent again, if the response was lost, for", span(config.refresh_grace_seconds)),
        ("a session ends without a refresh after", span(config.session_idle_days * 86_400)),
        ("every session ends after", span(config.session_absolute_days * 86_400)),
        ("a response is stored for its `Idempotency-Key` for", span(config.idempotency_hours * 3_600)),
        ("the shortest new password has", f"{config.password_min} characters"),
        ("the largest body has", f"{config.body_limit} bytes"),
        ("the longest path and query have", f"{config.uri_limit} bytes"),
        *((f"the bucket `{name}` allows", limit(bucket)) for name, bucket in config.buckets.items()),
    ]
    table = "\n".join(f"| {what} | {value} |" for what, value in rows)
    return f"## Numbers of this deployment\n\n| what | value |\n|---|---|\n{table}"
