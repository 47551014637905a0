"""The Python package: models by openapi-python-client, the rest by templates, around the hand-written layer."""

from app.sdk.python.build import build_python

__all__ = ["build_python"]
