"""Registers an account, signs in, changes the profile and signs out."""

import os
import sys

from charter_client import Charter, CharterError, ValidationFailed

URL = os.environ.get("CHARTER_URL", "http://127.0.0.1:8080")
EMAIL = os.environ.get("CHARTER_EMAIL", "grace@example.org")
PASSWORD = os.environ.get("CHARTER_PASSWORD", "compiler moth 9 harbour")


def main() -> None:
    """Go through the first steps of an account."""
    with Charter(URL) as client:
        client.auth.register(email=EMAIL, password=PASSWORD)
        client.auth.login(email=EMAIL, password=PASSWORD)
        me = client.me.update_me(display_name="Grace")
        print(f"{me.profile.display_name} <{me.email}> has the role {me.role}.")
        for session in client.sessions.iter_sessions(me.id):
            print(f"Signed in since {session.created_at:%Y-%m-%d %H:%M}{' (here)' if session.current else ''}.")
        client.auth.logout()


if __name__ == "__main__":
    try:
        main()
    except ValidationFailed as error:
        sys.exit("\n".join(f"{problem.field}: {problem.message}" for problem in error.errors))
    except CharterError as error:
        sys.exit(str(error))
