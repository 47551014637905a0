"""The examples under a command's help."""


def example(*lines: str) -> str:
    """Return an epilog for `click.command` that shows these lines as they are."""
    title = "Example" if len(lines) == 1 else "Examples"
    # \b has click leave the line breaks of a paragraph alone.
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])
