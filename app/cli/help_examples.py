"""The examples under a command's help."""


def example(*lines: str) -> str:
    """Return an epilog for `click.command` that shows these lines unchanged."""
    title = "Example" if len(lines) == 1 else "Examples"
    # With \b, click keeps the line breaks of the paragraph.
    return "\n".join(["\b", f"{title}:", *(f"  {line}" for line in lines)])
