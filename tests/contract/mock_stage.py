"""The stage of the contract tests in a mock: it returns to its start whenever a request may have moved something."""

import requests

from app.mock.people import ACCOUNTS, PASSWORD


class MockStage:
    """Puts the rows of a mock back.

    Args:
        url: where it listens.
        caller: who acts, by their role; the user for anybody else.
    """

    def __init__(self, url: str, caller: str) -> None:
        self._url = url
        emails = {account.role: account.email for account in ACCOUNTS}
        self.email = emails.get(caller, emails["user"])
        self._moved = True

    def set_for(self, operation_id: str) -> bool:
        """Have everything in its place; return whether anything had to be put back."""
        moved, self._moved = self._moved, False
        if moved:
            self._post("/mock/reset", None).raise_for_status()
            # An admin is left, whatever becomes of the one who acts.
            token = self._sign_in("admin@example.com").json()["data"]["access_token"]
            standby = {"email": "standby@example.com", "password": PASSWORD, "role": "admin", "email_verified": True}
            self._post("/v1/users", standby, token).raise_for_status()
        return moved

    def moved(self) -> None:
        """Note that something may not be where it was."""
        self._moved = True

    def keep(self) -> None:
        """Return to the start if somebody cannot sign in any more."""
        for account in ACCOUNTS:
            response = self._sign_in(account.email)
            if response.status_code != 200 or response.json()["data"]["user"]["role"] != account.role:
                self._moved = True
        self.set_for("")

    def _sign_in(self, email: str) -> requests.Response:
        return self._post("/v1/auth/login", {"email": email, "password": PASSWORD})

    def _post(self, path: str, body: object, token: str | None = None) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.post(self._url + path, json=body, headers=headers, timeout=30)
