"""Names of the document as names of a language."""


def snake(name: str) -> str:
    """Return the name of a module: audit-events is audit_events."""
    return name.replace("-", "_").lower()


def camel(name: str) -> str:
    """Return the name of a method or a variable of TypeScript: list_users is listUsers."""
    first, *others = name.replace("-", "_").split("_")
    return first + "".join(word.capitalize() for word in others)


def pascal(name: str) -> str:
    """Return the name of a class or a type: list_users and LIST_USERS are ListUsers."""
    return "".join(word.capitalize() for word in snake(name).split("_"))
