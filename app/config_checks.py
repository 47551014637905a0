"""What can be wrong with variables: one alone, several together, or one in a kind of deployment."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

# Parts of a word by which one recognises a secret that was not generated.
_PLACEHOLDERS = ("changeme", "change-me", "change_me", "secret", "example", "placeholder", "insecure", "password")
_MIN_COST_IN_PRODUCTION = 10
_CREDENTIALS = re.compile("//[^/]*@")
_MAX_SHOWN_LENGTH = 100
_MAKE_ONE = "make one with: openssl rand -base64 48"


class ConfigFault(NamedTuple):
    """A variable that is missing or wrong.

    Attributes:
        message: what is wrong, a sentence that begins with the variable.
        fix: how to fix it, an imperative sentence without its first capital and its full stop; empty if the message
            says what would be right.
    """

    variable: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        if not self.fix:
            return self.message
        # A command at the end stays as it can be copied.
        return f"{self.message} {self.fix[0].upper()}{self.fix[1:]}{'' if ': ' in self.fix else '.'}"


class ConfigError(Exception):
    """Variables that are missing or wrong.

    Attributes:
        faults: all of them.
    """

    def __init__(self, faults: list[ConfigFault]) -> None:
        self.faults = faults
        super().__init__("\n".join(map(str, faults)))


def value_fault(variable: str, text: str, reason: str, *, secret: bool) -> ConfigFault:
    """Return the fault of a value that cannot be read; it shows the value, but no secret.

    Args:
        variable: its name.
        text: the value.
        reason: of the parser: `must be ...` or `has ...`, and after a semicolon how to fix it.
        secret: whether the value must not be shown.
    """
    predicate, _, fix = reason.partition("; ")
    if predicate.startswith("must ") and not secret:
        shown = _CREDENTIALS.sub("//***@", text)
        shown = shown if len(shown) <= _MAX_SHOWN_LENGTH else shown[:_MAX_SHOWN_LENGTH] + "…"
        predicate += f', not "{shown}"'
    return ConfigFault(variable, f"{variable} {predicate}.", fix)


def contradictions(values: Mapping[str, Any]) -> list[ConfigFault]:
    """Return the faults that a variable has only beside others, or in this kind of deployment.

    Args:
        values: of all variables, by their names.
    """
    faults = [
        *_missing(values),
        *_wrong_order(values, "SESSION_IDLE_DAYS", "SESSION_ABSOLUTE_DAYS"),
        *_wrong_order(values, "PASSWORD_MIN", "PASSWORD_MAX"),
        *_shared_secrets(values),
    ]
    request, settle = values["REQUEST_SECONDS"], values["STATISTICS_SETTLE_SECONDS"]
    if settle <= request:
        message = f"STATISTICS_SETTLE_SECONDS must be more than REQUEST_SECONDS, which is {request}, not {settle}."
        faults.append(ConfigFault("STATISTICS_SETTLE_SECONDS", message))
    if values["CHARTER_ENV"] != "development":
        faults += _placeholders(values)
    cost = values["BCRYPT_COST"]
    if values["CHARTER_ENV"] == "production" and cost < _MIN_COST_IN_PRODUCTION:
        message = f"BCRYPT_COST must be at least {_MIN_COST_IN_PRODUCTION} in production, not {cost}."
        faults.append(ConfigFault("BCRYPT_COST", message))
    return faults


def _missing(values: Mapping[str, Any]) -> list[ConfigFault]:
    fixes = {
        "DATABASE_URL": "set it to a URL such as postgresql://user:password@host:5432/charter, "
        "or set CHARTER_ENV=development to use the database that `make run` makes",
        "JWT_SECRET": _MAKE_ONE,
        "REFRESH_KEYS": "set it to an id and a secret, such as: k1:$(openssl rand -base64 48)",
    }
    return [ConfigFault(name, f"{name} is missing.", fix) for name, fix in fixes.items() if not values[name]]


def _wrong_order(values: Mapping[str, Any], smaller: str, greater: str) -> list[ConfigFault]:
    if values[smaller] <= values[greater]:
        return []
    message = f"{smaller} must be at most {greater}, which is {values[greater]}, not {values[smaller]}."
    return [ConfigFault(smaller, message)]


def _shared_secrets(values: Mapping[str, Any]) -> list[ConfigFault]:
    current, previous = values["JWT_SECRET"], values["JWT_SECRET_PREVIOUS"]
    signing = {current, previous} - {""}
    keys = [secret for _, secret in values["REFRESH_KEYS"]]
    faults = []
    if current and previous == current:
        message = "JWT_SECRET_PREVIOUS must not be the same as JWT_SECRET."
        fix = "remove it, or set it to the other secret of the change"
        faults.append(ConfigFault("JWT_SECRET_PREVIOUS", message, fix))
    if len(set(keys)) != len(keys) or not signing.isdisjoint(keys):
        message = "REFRESH_KEYS must share no secret with JWT_SECRET, and have no secret twice."
        faults.append(ConfigFault("REFRESH_KEYS", message, "make new ones with: openssl rand -base64 48"))
    if values["METRICS_TOKEN"] in {*signing, *keys}:
        faults.append(ConfigFault("METRICS_TOKEN", "METRICS_TOKEN must not be the same as another secret.", _MAKE_ONE))
    return faults


def _placeholders(values: Mapping[str, Any]) -> list[ConfigFault]:
    secrets = [(name, values[name]) for name in ("JWT_SECRET", "JWT_SECRET_PREVIOUS")]
    secrets += [("REFRESH_KEYS", secret) for _, secret in values["REFRESH_KEYS"]]
    secrets.append(("METRICS_TOKEN", values["METRICS_TOKEN"]))
    return [
        ConfigFault(name, f"{name} looks like a placeholder.", _MAKE_ONE)
        for name, secret in secrets
        if secret and (len(set(secret)) < 8 or any(word in secret.lower() for word in _PLACEHOLDERS))
    ]
