"""The tokens of a session, and where they are kept."""

import base64
import json
import threading
from dataclasses import dataclass, field
from typing import Protocol, cast

from charter_client._errors import SessionChanged
from charter_client._headers import can_be_sent


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of a session.

    Attributes:
        access_token: sent with each request.
        refresh_token: exchanged for new tokens when the access token has expired; None if there is none.

    Raises:
        ValueError: no header can have this access token.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not can_be_sent(self.access_token):
            raise ValueError(
                "access_token must be a text of printable ASCII characters without spaces and line breaks. It is not "
                "shown, because it is a secret. If it is from a file, use .strip()."
            )


def are_of_one_session(one: Tokens | None, other: Tokens | None) -> bool:
    """Return whether two pairs of tokens belong to the same session. Each access token of Charter names its own."""
    if one is None or other is None:
        return one is other
    return one.access_token == other.access_token or _session_id(one) == _session_id(other)


def _session_id(tokens: Tokens) -> object:
    """Return the session that an access token names; None if it names none."""
    part = tokens.access_token.split(".")[1:2]
    try:
        claims: object = json.loads(base64.urlsafe_b64decode(f"{part[0]}===")) if part else None
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", claims).get("sid") if isinstance(claims, dict) else None


class SameSession:
    """Holds several calls to the session of the first one, such as those of an iterator over pages."""

    def __init__(self) -> None:
        self._first: tuple[Tokens | None] | None = None

    def check(self, tokens: Tokens | None) -> None:
        """Compare the tokens of a call with those of the first one.

        Raises:
            SessionChanged: they are of another session.
        """
        if self._first is None:
            self._first = (tokens,)
        elif not are_of_one_session(self._first[0], tokens):
            raise SessionChanged(
                "Somebody signed in or out meanwhile, so the rest was not sent: begin again, if it is meant for the "
                "account that is signed in now."
            )


class TokenStore(Protocol):
    """Where the tokens are kept. Both methods must return soon: each request calls the first."""

    def load(self) -> Tokens | None:
        """Return the tokens; None if nobody is signed in."""
        ...

    def save(self, tokens: Tokens | None) -> None:
        """Keep the tokens; None: forget them."""
        ...


class MemoryStore:
    """Keeps the tokens until the program ends."""

    def __init__(self, tokens: Tokens | None = None) -> None:
        self._tokens = tokens

    def load(self) -> Tokens | None:
        """Return the tokens; None if nobody is signed in."""
        return self._tokens

    def save(self, tokens: Tokens | None) -> None:
        """Keep the tokens; None: forget them."""
        self._tokens = tokens


class Session:
    """Who is signed in, for all threads.

    Each sign-in and sign-out starts a new revision. A call is not sent again in another revision than its own.
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._revision = 0

    @property
    def tokens(self) -> Tokens | None:
        """The tokens; None if nobody is signed in."""
        return self._store.load()

    def look(self) -> tuple[Tokens | None, int]:
        """Return the tokens and the revision that they are of."""
        with self._lock:
            return self._store.load(), self._revision

    def start(self, tokens: Tokens | None) -> None:
        """Sign in with tokens, or sign out with None."""
        with self._lock:
            self._revision += 1
            self._store.save(tokens)

    def start_in_place(self, old: Tokens | None, fresh: Tokens | None) -> None:
        """Put new tokens in the place of the old ones or of a refresh of them; None: sign out.

        If those of another session are there by now, they stay: they may be those of another person.
        """
        with self._lock:
            if are_of_one_session(old, self._store.load()):
                self._revision += 1
                self._store.save(fresh)

    def replace(self, old: Tokens, fresh: Tokens | None) -> bool:
        """Put new tokens in the place of the old, unless others are there by now; None: forget the old.

        Others are there after a sign-out or a sign-in, or if another process has the same store and was faster. Return
        whether there are tokens now.
        """
        with self._lock:
            kept = self._store.load()
            if kept == old:
                self._store.save(fresh)
                return fresh is not None
            return kept is not None
