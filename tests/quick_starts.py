"""What makes the second start of a service in a process of tests quick: work whose result is the same each time."""

import hashlib
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import yaml
from connexion.spec import OpenAPISpecification, Specification

from app.config import Config
from app.pipeline.contract import OPENAPI, Contract, read_contract
from app.project import Project

ROOT = Path(__file__).resolve().parents[1]


def prepare() -> None:
    """Have the services of this process share what they read."""
    _check_each_document_once()
    _read_each_contract_once()
    _write_each_document_once()


def _check_each_document_once() -> None:
    """Have Connexion check a document it has found in order not again in this process."""
    check, fine = Specification._validate_spec, set()

    def check_once(spec: dict[str, Any]) -> None:
        digest = _digest(spec)
        if digest not in fine:
            check.__func__(OpenAPISpecification, spec)
            fine.add(digest)

    OpenAPISpecification._validate_spec = staticmethod(check_once)


def _read_each_contract_once() -> None:
    """Read a contract of this repository once for each length of passwords: no other setting changes it, and nothing
    writes to it.

    A document that a test has written is read each time.
    """

    @cache
    def read_once(
        document: Path, package: str, project: Project | None, served: bool, minimum: int, maximum: int
    ) -> Contract:
        config = Config(password_min=minimum, password_max=maximum)
        return read_contract(config, document=document, handlers_package=package, project=project, served=served)

    def read_contract_once(
        config: Config,
        *,
        document: Path = OPENAPI / "openapi.yaml",
        handlers_package: str = "handlers",
        project: Project | None = None,
        served: bool = False,
    ) -> Contract:

        if document.is_relative_to(ROOT) and (project is None or project.root.is_relative_to(ROOT)):
            return read_once(document, handlers_package, project, served, config.password_min, config.password_max)
        return read_contract(
            config, document=document, handlers_package=handlers_package, project=project, served=served
        )

    for reader in ("app.factory", "app.cli.doctor.document"):
        pytest.MonkeyPatch().setattr(f"{reader}.read_contract", read_contract_once)


def _write_each_document_once() -> None:
    """Write the YAML that shows a document once."""
    texts: dict[tuple[bytes, str], str] = {}

    def dump(value: Any, **options: Any) -> str:
        key = _digest(value), repr(options)
        if key not in texts:
            texts[key] = yaml.dump(value, **options)
        return texts[key]

    pytest.MonkeyPatch().setattr("app.pages.views.yaml", SimpleNamespace(**{**vars(yaml), "dump": dump}))


def _digest(value: Any) -> bytes:
    return hashlib.sha256(orjson.dumps(value, default=repr)).digest()
