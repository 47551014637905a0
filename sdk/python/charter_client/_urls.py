"""How messages show URLs: without what may be a password, a token or a search."""

import re

_SCHEME = re.compile(r"\s*(?:[\w+.-]*:)?//")
_HOST = re.compile(r"\[[^\]]*\]|[^:/?#]*")
_PORT = re.compile(r":\d{1,5}\s*(?=[/?#]|$)")
_URL = re.compile(r"[\w+.-]+://[^\s\"'<>]+")


def shown_url(text: str) -> str:
    """Return a text that is or should be a URL, without user names, passwords, query and fragment."""
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme else 0
    # What stands before the last @ is a user and a password, even if a slash in the password hides it from a parser.
    before, at, rest = text[start:].rpartition("@")
    prefix = text[:start] + ("…@" if before + at else "")
    host = _HOST.match(rest)
    end = host.end() if host else 0
    # Without an @, what follows the colon may be a password as well, unless it is a port.
    if rest[end : end + 1] == ":" and not _PORT.match(rest, end):
        return f"{prefix}{rest[:end]}:…"
    return prefix + re.sub(r"([?#]).+", r"\1…", rest, flags=re.DOTALL)


def with_shown_urls(text: str) -> str:
    """Return a text in which each URL is shown as `shown_url` shows it."""
    return _URL.sub(lambda match: shown_url(match[0]), text)
