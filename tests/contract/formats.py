"""The values that Schemathesis generates for the formats of Charter (`x-format`), which it does not know."""

from typing import Any

import schemathesis
from hypothesis import strategies

from app.spec.document import nodes

schemathesis.openapi.format("time-zone", strategies.sampled_from(["Europe/London", "Asia/Kolkata", "UTC"]))
schemathesis.openapi.format("web-url", strategies.sampled_from(["https://a.example", "http://[::1]:80/b?c#d"]))
for lines in ("single-line", "multi-line"):
    schemathesis.openapi.format(lines, strategies.text(strategies.characters(exclude_categories=["C", "Zl", "Zp"])))


def use_formats(bundle: dict[str, Any]) -> dict[str, Any]:
    """Make the formats of Charter those of the bundle, in place, and return it."""
    for node in nodes(bundle):
        if "x-format" in node.mapping:
            node.mapping["format"] = node.mapping["x-format"]
            # The strategies above are narrower than the patterns, which also match names of no zone and no host.
            node.mapping.pop("pattern", None)
    return bundle
