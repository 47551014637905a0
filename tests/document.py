"""The document of this repository, which the process of a test reads once: nobody writes to it."""

from app.pipeline.contract import OPENAPI
from app.spec.document import load

DOCUMENT = load(OPENAPI / "openapi.yaml")
