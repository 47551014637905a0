"""The reference: the page that shows the document to people, with its script, its style sheet and its icon."""

from importlib.resources import files

from app.pages.representations import Representation

_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
# References are relative, so they work under any path of the deployment.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Charter: reference</title>
<link rel="icon" href="./docs/favicon-32x32.png">
<link rel="stylesheet" href="./docs/swagger-ui.css">
<style>body { margin: 0 } .swagger-ui .topbar { display: none }</style>
</head>
<body>
<div id="reference"></div>
<noscript>This page needs JavaScript. The document itself: <a href="./openapi.yaml">openapi.yaml</a></noscript>
<script src="./docs/swagger-ui-bundle.js"></script>
<script src="./docs/start.js"></script>
</body>
</html>
"""
_SCRIPT = """SwaggerUIBundle({
  url: "./openapi.json",
  dom_id: "#reference",
  deepLinking: true,
  displayRequestDuration: true,
  persistAuthorization: false,
  showExtensions: true,
  tryItOutEnabled: true,
});
"""
_SWAGGER_UI_FILES = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}


def reference_page() -> Representation:
    """Return the page."""
    return Representation(_PAGE.encode(), "text/html", headers={"Content-Security-Policy": _CONTENT_SECURITY_POLICY})


def reference_assets() -> dict[str, Representation]:
    """Return the files that the page loads, by name."""
    return {"start.js": Representation(_SCRIPT.encode(), "text/javascript"), **_swagger_ui()}


def _swagger_ui() -> dict[str, Representation]:
    folders = files("swagger_ui_bundle").joinpath("vendor").iterdir()
    vendor = next(folder for folder in folders if folder.joinpath("swagger-ui-bundle.js").is_file())
    return {
        name: Representation(
            vendor.joinpath(name).read_bytes(),
            media_type,
            cache_control="public, max-age=86400",
            compresses=media_type.startswith("text/"),
        )
        for name, media_type in _SWAGGER_UI_FILES.items()
    }
