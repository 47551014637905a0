"""The two pages of the reference: `/docs` to read it, and `/docs/try` to try operations.

They load only files of this server, by relative addresses, so they work under any path of a deployment.
"""

import secrets
from collections.abc import Mapping

from markupsafe import escape
from werkzeug.wrappers import Response

from app.pages.reference.assets import address
from app.pages.representations import Representation

_POLICY = (
    "default-src 'none'; script-src 'self'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; style-src 'self'"
)
# Where the nonce stands in a page that is rendered but for it.
_NONCE = "\0"
_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
"""
_READING = """<meta property="csp-nonce" content="{nonce}">
<title>{title}: reference</title>
<link rel="icon" href="docs/{favicon}">
<link rel="stylesheet" href="docs/{style}">
<link rel="modulepreload" href="docs/{viewer}">
</head>
<body data-document="docs/{document}" data-viewer="docs/{viewer}">
<p id="waiting" role="status">The reference is loading.</p>
<div id="reference"></div>
<noscript><p>This page needs JavaScript. Without it: <a href="llms.txt">the operations as Markdown</a>, and
<a href="openapi.yaml">the document</a>.</p></noscript>
<script type="module" src="docs/{start}"></script>
</body>
</html>
"""
_TRYING = """<title>{title}: try it</title>
<link rel="icon" href="{favicon}">
<link rel="stylesheet" href="{viewer_style}">
<link rel="stylesheet" href="{style}">
</head>
<body data-document="{document}">
<header>
<div>
<h1>{title}: try it</h1>
<p><span>Every request is carried out, with your rights.</span> <a href="../docs">Back to the reference</a></p>
</div>
<form id="sign-in">
<div id="credentials">
<label>Email <input name="email" type="email" autocomplete="username" placeholder="Email" required></label>
<label>Password
<input name="password" type="password" autocomplete="current-password" placeholder="Password" required></label>
</div>
<button id="act">Sign in</button>
<output id="message"></output>
</form>
</header>
<div id="viewer"></div>
<noscript><p>This page needs JavaScript.</p></noscript>
<script src="{viewer}"></script>
<script type="module" src="{start}"></script>
</body>
</html>
"""


class ReadingPage:
    """The page that shows the reference. Each response has a nonce of its own, so it is not stored."""

    def __init__(self, assets: Mapping[str, Representation], title: str) -> None:
        text = _HEAD + _READING.format(
            nonce=_NONCE,
            title=escape(title),
            favicon=address(assets, "favicon.svg"),
            style=address(assets, "reference.css"),
            viewer=address(assets, "redoc.js"),
            start=address(assets, "reference.js"),
            document=address(assets, "reference.json"),
        )
        self._before, _, self._after = text.encode().partition(_NONCE.encode())

    def respond(self) -> Response:
        """Return the response."""
        nonce = secrets.token_urlsafe(18)
        headers = {"Content-Security-Policy": f"{_POLICY} 'nonce-{nonce}'", "Cache-Control": "no-store"}
        return Response(b"".join((self._before, nonce.encode(), self._after)), mimetype="text/html", headers=headers)


def trying_page(assets: Mapping[str, Representation], title: str) -> Representation:
    """Return the page that sends requests."""
    text = _HEAD + _TRYING.format(
        title=escape(title),
        favicon=address(assets, "favicon.svg"),
        viewer_style=address(assets, "swagger-ui.css"),
        style=address(assets, "try.css"),
        viewer=address(assets, "swagger-ui.js"),
        start=address(assets, "try.js"),
        document=address(assets, "try.json"),
    )
    return Representation(text.encode(), "text/html", headers={"Content-Security-Policy": _POLICY})
