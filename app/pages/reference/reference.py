"""Everything under `/docs`, rendered when the process starts."""

from collections.abc import Mapping
from typing import Any

import orjson

from app.config import Config
from app.pages.reference.assets import read_assets
from app.pages.reference.document import describe, reading_document, trying_document
from app.pages.reference.guides import introduction
from app.pages.reference.markdown import guide_pages, index, operation_page
from app.pages.reference.page import ReadingPage, trying_page
from app.pages.representations import Representation
from app.spec.document import Document
from app.spec.policy import Policy


class Reference:
    """The pages of the reference and what they load.

    Attributes:
        reading: the page to read.
        trying: the page to try operations.
        files: what these two load, by name.
        operations: the Markdown page of each operation, by name with `.md`.
        guides: the Markdown page of each guide, by name with `.md`.
        index: `llms.txt`.
    """

    def __init__(self, document: Document, policies: Mapping[str, Policy], config: Config) -> None:
        bundle: dict[str, Any] = document.bundle
        title = bundle["info"]["title"]
        described = list(describe(document, policies, config))
        self.files = read_assets()
        self.files["reference.json"] = _json(reading_document(bundle, described, config))
        self.files["try.json"] = _json(trying_document(bundle))
        self.reading = ReadingPage(self.files, title)
        self.trying = trying_page(self.files, title)
        self.operations = {
            f"{item.operation.body['operationId']}.md": _markdown(
                operation_page(item.operation, item.rules, item.samples, f"{config.public_path}/openapi.json")
            )
            for item in described
        }
        text = introduction(bundle["info"].get("description", ""), config, heading="")
        guides = guide_pages(text)
        self.guides = {guide.name: _markdown(guide.page) for guide in guides}
        self.index = _markdown(
            index(
                title,
                text.partition("\n\n")[0],
                guides,
                bundle.get("tags", []),
                (item.operation for item in described),
                config.public_url or config.public_path,
            ),
            "text/plain",
        )


def _json(document: dict[str, Any]) -> Representation:
    return Representation(orjson.dumps(document), "application/json")


def _markdown(text: str, media_type: str = "text/markdown") -> Representation:
    return Representation(text.encode(), media_type)
