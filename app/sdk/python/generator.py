"""Where openapi-python-client is used: it reads the document and writes the models.

Nothing else in the code knows it. `requirements/dev.txt` pins its version.
"""

import contextlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openapi_python_client import Project
from openapi_python_client.config import Config, ConfigFile, MetaType
from openapi_python_client.parser import GeneratorData
from openapi_python_client.parser.errors import GeneratorError
from openapi_python_client.parser.openapi import Endpoint
from openapi_python_client.parser.properties import ModelProperty, Property
from openapi_python_client.parser.properties.list_property import ListProperty

from app.sdk.document import GenerationError

# What the generator prints in place of a status.
_OBJECT = re.compile(r"status code <openapi_python_client\.\S+ object at \w+>")

__all__ = ["Endpoint", "ListProperty", "ModelProperty", "Property", "write_models"]


def write_models(document: dict[str, Any], folder: Path, templates: Path) -> Mapping[str, Endpoint]:
    """Write `models/` and `types.py`, and return the operations by operationId.

    Args:
        document: see `client_document`.
        folder: does not exist yet.
        templates: take the place of the generator's own.

    Raises:
        GenerationError: the generator does not take a part of the document.
    """
    config = Config.from_sources(
        ConfigFile(post_hooks=[]), MetaType.NONE, Path("openapi.json"), "utf-8", overwrite=False, output_path=folder
    )
    data = GeneratorData.from_dict(document, config=config)
    if isinstance(data, GeneratorError):
        raise GenerationError(_told(data))
    with contextlib.redirect_stdout(io.StringIO()):
        faults = Project(openapi=data, config=config, custom_template_path=templates).build()
    if faults:
        raise GenerationError("\n".join(_told(fault) for fault in faults))
    return {
        str(endpoint.name): endpoint
        for collection in data.endpoint_collections_by_tag.values()
        for endpoint in collection.endpoints
    }


def _told(fault: GeneratorError) -> str:
    text = " ".join(part for part in (fault.header, str(fault.detail or "")) if part)
    text = _OBJECT.sub("a status", text)
    return " ".join(text.split()) or type(fault).__name__
