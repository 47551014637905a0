"""Registration: people create an account for themselves, if the settings let them."""

import hmac
from collections.abc import Mapping
from typing import Any

from app.addresses import canonical_domain
from app.errors import Forbidden, ValidationError, Violation
from app.services import account_addresses, rights, settings, user_rows
from charter import Context, transaction

OPEN = "registration.open"
ALLOWED_DOMAINS = "registration.allowed_domains"
INVITATION_CODE = "registration.invitation_code"


def register(
    context: Context,
    *,
    email: str,
    password: str,
    display_name: str | None = None,
    invitation_code: str | None = None,
) -> None:
    """Create an account for oneself: a guest whose address is not yet verified.

    If the address is known, nothing changes. Neither the time taken nor the outcome tells the caller.

    Args:
        invitation_code: compared only where the settings demand one.

    Raises:
        Forbidden: registration is closed, or the invitation code is wrong; `reason` says which.
        ValidationError: the address, its domain or the password is not acceptable.
    """
    address, passwords = account_addresses.accept(email), context.dependencies.passwords
    values = settings.current_values(context.dependencies, OPEN, ALLOWED_DOMAINS, INVITATION_CODE)
    require_admission(values, address, invitation_code)
    passwords.check(password, own_words=account_addresses.own_words(address, display_name))
    password_hash = passwords.hash(password)
    with transaction():
        user_id = user_rows.insert(
            email=address,
            password_hash=password_hash,
            role=rights.GUEST,
            verified=False,
            profile={"display_name": display_name},
            now=context.dependencies.clock(),
        )
        if user_id:
            context.dependencies.hooks.call("user.created", context, lambda: user_rows.get(user_id))
    context.event.details = {"user_id": str(user_id)} if user_id else {"address": "known"}


def require_admission(values: Mapping[str, Any], address: str, invitation_code: str | None) -> None:
    """Raise unless the settings let somebody register with this canonical address; no account is looked at.

    Args:
        values: of the three settings above, by key.

    Raises:
        Forbidden: registration is closed, or the invitation code is wrong; `reason` says which.
        ValidationError: the domain may not register.
    """
    if not values[OPEN]:
        raise Forbidden("Registration is closed.", reason="registration_closed")
    code = values[INVITATION_CODE]
    if code is not None and not hmac.compare_digest((invitation_code or "").encode(), code.encode()):
        wrong_code = Violation("This is not the invitation code.", "invitation_code")
        raise Forbidden(details=[wrong_code], reason="invitation_code_wrong")
    allowed = {canonical_domain(domain) for domain in values[ALLOWED_DOMAINS]}
    if allowed and address.rpartition("@")[2] not in allowed:
        wrong_domain = Violation("Must be an address of a domain that may register.", "email")
        raise ValidationError(details=[wrong_domain], reason="domain_not_allowed")
