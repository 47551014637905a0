"""Who may make an account for themselves, as the settings have it; nothing here looks at the accounts there are."""

import hmac

from app.context.dependencies import Dependencies
from app.errors import Forbidden, ValidationError, Violation
from app.services import settings
from app.services.addresses import canonical_domain

OPEN = "registration.open"
ALLOWED_DOMAINS = "registration.allowed_domains"
INVITATION_CODE = "registration.invitation_code"


def admit(address: str, invitation_code: str | None, *, dependencies: Dependencies) -> None:
    """Let go on only somebody who may register with this address.

    Args:
        address: canonical.
        invitation_code: as it was sent; only looked at where one is asked for.

    Raises:
        Forbidden: registration is closed, or the invitation code is not right; `reason` says which.
        ValidationError: with field `email`, for an address of a domain that is not allowed.
    """
    now = settings.current_values(dependencies, OPEN, ALLOWED_DOMAINS, INVITATION_CODE)
    if not now[OPEN]:
        raise Forbidden("Registration is closed.", reason="registration_closed")
    code = now[INVITATION_CODE]
    if code is not None and not hmac.compare_digest((invitation_code or "").encode(), code.encode()):
        refusal = Violation("This is not the invitation code.", "invitation_code")
        raise Forbidden(details=[refusal], reason="invitation_code_wrong")
    allowed = {canonical_domain(domain) for domain in now[ALLOWED_DOMAINS]}
    if allowed and address.rpartition("@")[2] not in allowed:
        refusal = Violation("Addresses of this domain cannot register here.", "email")
        raise ValidationError(details=[refusal], reason="domain_not_allowed")
