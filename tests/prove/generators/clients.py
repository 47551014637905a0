"""The generators: each makes a client, and the strictest compiler of its language reads it."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.prove import pins
from tests.prove.generators.workshop import Workshop
from tests.prove.pins import Pin
from tests.prove.proof import needed
from tests.prove.tools import fetch_go, fetch_node, fetch_python

_TSCONFIG = {
    "strict": True,
    "noUncheckedIndexedAccess": True,
    "noEmit": True,
    "target": "ES2022",
    "module": "ESNext",
    "moduleResolution": "bundler",
    "lib": ["ES2022", "DOM", "DOM.Iterable"],
    "types": [],
}


def openapi_generator(workshop: Workshop) -> float:
    """Have openapi-generator's parser validate the document."""
    java = needed("java", package="default-jre-headless", purpose="run openapi-generator")
    fetch_python(workshop.place, pins.OPENAPI_GENERATOR)
    [jar] = (workshop.place / "python").glob("lib/*/site-packages/openapi_generator_cli/*.jar")
    return workshop.run(workshop.folder("openapi-generator"), java, "-jar", jar, "validate", "-i", workshop.document)


def openapi_python_client(workshop: Workshop) -> float:
    """Make a client with openapi-python-client, for mypy --strict."""
    programs = fetch_python(workshop.place, pins.OPENAPI_PYTHON_CLIENT, pins.MYPY)
    folder = workshop.folder("openapi-python-client")
    # Without a formatter after it, whose newest version changes the types.
    (folder / "config.yaml").write_text("post_hooks: []\n")
    words = ["--path", str(workshop.document), "--output-path", "client", "--meta", "none", "--config", "config.yaml"]
    took = workshop.run(folder, programs / "openapi-python-client", "generate", "--fail-on-warning", *words)
    return took + workshop.run(folder, programs / "mypy", "--strict", "client")


def hey_api(workshop: Workshop) -> float:
    """Make a client with Hey API, for tsc."""
    programs = fetch_node(workshop.place, pins.HEY_API, pins.REDOCLY, pins.TYPESCRIPT)
    folder = workshop.folder("hey-api")
    words = ["-i", str(workshop.document), "-o", "client", "-c", "@hey-api/client-fetch"]
    took = workshop.run(folder, programs / "openapi-ts", *words)
    return took + _compile_typescript(workshop, folder, programs)


def redocly_typescript(workshop: Workshop) -> float:
    """Make a client with Redocly, for tsc with exact optional properties."""
    programs = fetch_node(workshop.place, pins.HEY_API, pins.REDOCLY, pins.TYPESCRIPT)
    folder = workshop.folder("redocly-typescript")
    took = workshop.run(folder, programs / "redocly", "generate-client", workshop.document, "-o", "client/client.ts")
    return took + _compile_typescript(workshop, folder, programs, exactOptionalPropertyTypes=True)


def redocly_python(workshop: Workshop) -> float:
    """Make a client with Redocly, for mypy --strict."""
    programs = fetch_node(workshop.place, pins.HEY_API, pins.REDOCLY, pins.TYPESCRIPT)
    python = fetch_python(workshop.place, pins.OPENAPI_PYTHON_CLIENT, pins.MYPY)
    folder = workshop.folder("redocly-python")
    words = [workshop.document, "-o", "client/client.ts", "--generator", "python"]
    took = workshop.run(folder, programs / "redocly", "generate-client", *words)
    return took + workshop.run(folder, python / "mypy", "--strict", "client")


def _compile_typescript(workshop: Workshop, folder: Path, programs: Path, **more: bool) -> float:
    config = {"compilerOptions": {**_TSCONFIG, **more}, "include": ["client"]}
    (folder / "tsconfig.json").write_text(json.dumps(config))
    return workshop.run(folder, programs / "tsc", "-p", ".")


def oapi_codegen(workshop: Workshop) -> float:
    """Make types and a client with oapi-codegen, for go vet."""
    program = fetch_go(workshop.place, pins.OAPI_CODEGEN)
    folder = workshop.folder("oapi-codegen")
    words = ["-generate", "types,client", "-package", "charter", "-o", "client.go"]
    took = workshop.run(folder, program, *words, workshop.document)
    return took + _vet(workshop, folder, pins.OAPI_RUNTIME)


def ogen(workshop: Workshop) -> float:
    """Make a client and a server with ogen, for go vet."""
    program = fetch_go(workshop.place, pins.OGEN)
    folder = workshop.folder("ogen")
    took = workshop.run(folder, program, "--target", ".", "--package", "charter", "--clean", workshop.document)
    return took + _vet(workshop, folder, pins.OGEN_MODULE)


def _vet(workshop: Workshop, folder: Path, module: Pin) -> float:
    go = needed("go", package="golang", purpose="compile clients in Go")
    workshop.run(folder, go, "mod", "init", "example.com/client")
    workshop.run(folder, go, "get", module)
    workshop.run(folder, go, "mod", "tidy")
    return workshop.run(folder, go, "vet", "./...")


GENERATORS: dict[str, Callable[[Workshop], float]] = {
    f"openapi-generator {pins.version(pins.OPENAPI_GENERATOR)}": openapi_generator,
    f"openapi-python-client {pins.version(pins.OPENAPI_PYTHON_CLIENT)}, mypy": openapi_python_client,
    f"Hey API {pins.version(pins.HEY_API)}, tsc": hey_api,
    f"Redocly {pins.version(pins.REDOCLY)} for TypeScript, tsc": redocly_typescript,
    f"Redocly {pins.version(pins.REDOCLY)} for Python, mypy": redocly_python,
    f"oapi-codegen {pins.version(pins.OAPI_CODEGEN)}, go vet": oapi_codegen,
    f"ogen {pins.version(pins.OGEN)}, go vet": ogen,
}
"""What each does, by its name, its version and the compiler."""
